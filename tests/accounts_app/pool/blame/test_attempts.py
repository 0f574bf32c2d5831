"""The attempts of one call, decision by decision."""

import pytest

from accounts_app.pool.blame.assignment import Assignment, Pause, Wanted
from accounts_app.pool.blame.attempts import MOST_REFUSALS, Attempts
from accounts_app.pool.blame.blame import REFUSED_FOR_GOOD, Blame
from accounts_app.pool.blame.no_answer import Ending, NoAnswer
from accounts_app.pool.choice.eligibility import Status
from accounts_app.pool.outcomes import Fault, Outcome, Repeat
from bench.simulation.world import MAIN, SPARE, Account

MODEL = "gemini-pro"
NOW = 10_000.0
WELL = Fault(Outcome.SUCCEEDED, 200)
BUSY = Fault(Outcome.OVERLOADED, 503)
DEAD = Fault(Outcome.UNREACHABLE)
REFUSED = Fault(Outcome.REFUSED, 404)
SPENT = Fault(Outcome.QUOTA_EXHAUSTED, 429, delay=3600.0)
TOKEN = Fault(Outcome.UNAUTHENTICATED, 401)


class Written:
    """A sink that keeps what would be stored."""

    def __init__(self) -> None:
        self.taken_out: list[tuple[int, str]] = []
        self.returned: list[int] = []

    def cooldown(self, account, model, cooldown):
        pass

    def take_out(self, account, fault):
        self.taken_out.append((account, fault.parked))

    def put_back(self, account, reason):
        self.returned.append(account)


def a_pool(*accounts: Account, bases: tuple[str, ...] = (MAIN,)) -> Blame:
    """The accounts 1, 2 …; two with one endpoint unless they are given."""
    known = dict(enumerate(accounts or (Account(bases=bases), Account(bases=bases)), 1))
    blame = Blame(Written())
    blame.board.update(known, known, NOW)
    return blame


def a_pool_of(size: int, bases: tuple[str, ...] = (MAIN,)) -> Blame:
    return a_pool(*[Account(bases=bases) for _ in range(size)])


class Caller:
    """Makes calls, each with a conversation and a request of its own unless they are given."""

    def __init__(self, blame: Blame) -> None:
        self.blame = blame
        self.number = 0

    def begins(self, now: float = NOW, **wanted) -> Attempts:
        self.number += 1
        request = wanted.pop("request", self.number)
        return Attempts(
            self.blame, Wanted(MODEL, wanted.pop("conversation", self.number), request=lambda: request, **wanted)
        )

    def goes(self, *course: Fault, now: float = NOW, **wanted) -> list[tuple[int, str]]:
        """A call whose exchanges end with `course` and then an answer. Returns the accounts and endpoints it asked."""
        attempts, asked = self.begins(now, **wanted), []
        faults = iter(course)
        while isinstance(step := attempts.next(now), Assignment | Pause):
            if isinstance(step, Pause):
                now = step.until
                continue
            asked.append((step.loan.account, step.path.base))
            fault = next(faults, None)
            if fault is None:
                attempts.answered(now)
                step.settle(WELL, now)
                step.give_back(now)
                return asked
            attempts.failed(fault, now)
        self.no_answer = step
        return asked

    def meets(self, account: int, fault: Fault, now: float = NOW, **wanted) -> None:
        """A call that meets `fault` on one account and is answered by another."""
        attempts = self.begins(now, **wanted)
        attempts.tried = {each for each in self.blame.board.accounts if each != account}
        step = attempts.next(now)
        assert isinstance(step, Assignment)
        attempts.tried.clear()
        while isinstance(step, Assignment):
            if step.loan.account != account:
                attempts.answered(now)
                step.settle(WELL, now)
                step.give_back(now)
                return
            attempts.failed(fault, now)
            step = attempts.next(now)
        raise AssertionError(step)


def statuses(blame: Blame, now: float = NOW) -> list[Status]:
    return [each.status for each in blame.board.eligibility(MODEL, now)]


class TestWhatIsVague:
    def test_goes_to_the_next_path_once_and_then_to_another_account(self):
        caller = Caller(a_pool(bases=(MAIN, SPARE, "https://third.example")))

        asked = caller.goes(BUSY, BUSY, BUSY)

        assert [base for _, base in asked] == [MAIN, SPARE, MAIN, SPARE]
        assert asked[0][0] == asked[1][0] != asked[2][0] == asked[3][0]

    def test_puts_an_account_last_at_the_second_conversation_that_was_answered_elsewhere(self):
        caller = Caller(a_pool())

        caller.meets(1, BUSY, conversation=7)
        caller.meets(1, BUSY, conversation=7)
        assert statuses(caller.blame) == [Status.READY] * 2

        caller.meets(1, BUSY, conversation=8)
        assert statuses(caller.blame) == [Status.LAST, Status.READY]
        cooldown = caller.blame.board.cooldowns.get(1, MODEL)
        assert cooldown is not None
        assert 3.0 <= cooldown.until - NOW <= 3.6

    def test_is_forgotten_by_a_success_in_between(self):
        caller = Caller(a_pool())

        caller.meets(1, BUSY)
        attempts = caller.begins()
        attempts.tried = {2}
        assignment = attempts.next(NOW)
        assert isinstance(assignment, Assignment)
        attempts.answered(NOW)
        assignment.give_back(NOW)
        caller.meets(1, BUSY)

        assert statuses(caller.blame) == [Status.READY] * 2

    def test_is_forgotten_after_ten_minutes(self):
        caller = Caller(a_pool())

        caller.meets(1, BUSY)
        caller.meets(1, BUSY, now=NOW + 601)

        assert statuses(caller.blame, NOW + 601) == [Status.READY] * 2

    def test_puts_an_account_last_and_not_out(self):
        caller = Caller(a_pool())
        for _ in range(2):
            caller.meets(1, BUSY)

        attempts = caller.begins()
        attempts.tried = {2}
        assignment = attempts.next(NOW)

        assert isinstance(assignment, Assignment)
        assert assignment.loan.account == 1

    def test_is_upstreams_own_delay_where_it_has_one(self):
        caller = Caller(a_pool())

        for _ in range(2):
            caller.meets(1, Fault(Outcome.OVERLOADED, 503, delay=9.0))

        cooldown = caller.blame.board.cooldowns.get(1, MODEL)
        assert cooldown is not None
        assert cooldown.until == NOW + 9

    def test_after_a_cooldown_one_more_conversation_is_enough(self):
        caller = Caller(a_pool())
        for _ in range(2):
            caller.meets(1, BUSY)
        later = NOW + 4

        caller.meets(1, BUSY, now=later)

        cooldown = caller.blame.board.cooldowns.get(1, MODEL)
        assert cooldown is not None
        assert 6.0 <= cooldown.until - later <= 7.2

    def test_is_asked_again_after_a_second_if_no_other_account_is_left(self):
        blame = a_pool_of(1)
        attempts = Caller(blame).begins()
        assert isinstance(attempts.next(NOW), Assignment)
        attempts.failed(BUSY, NOW)

        pause = attempts.next(NOW)

        assert isinstance(pause, Pause)
        assert 1.0 <= pause.until - NOW <= 1.25
        assert isinstance(attempts.next(pause.until), Assignment)
        attempts.give_back(NOW)

    def test_is_the_answer_when_all_attempts_are_made(self):
        caller = Caller(a_pool_of(10))

        asked = caller.goes(*[BUSY] * 9)

        assert len({account for account, _ in asked}) == len(asked) == 3
        assert caller.no_answer == NoAnswer(Ending.FAILURE, 2)

    def test_that_is_a_500_twice_is_blamed_on_the_request(self):
        caller = Caller(a_pool_of(10))

        for status in (500, 504):
            assert len(caller.goes(*[Fault(Outcome.OVERLOADED, status)] * 9)) == 2

    def test_is_not_repeated_where_its_body_is_gone(self):
        for fault in (BUSY, REFUSED, TOKEN, SPENT, DEAD):
            attempts = Caller(a_pool_of(3)).begins()
            attempts.next(NOW)

            attempts.failed(fault, NOW, replayable=False)

            assert attempts.next(NOW) == NoAnswer(Ending.FAILURE, 0)

    def test_is_not_repeated_where_that_may_not_be_done(self):
        caller = Caller(a_pool_of(10))

        assert len(caller.goes(BUSY, repeat=Repeat.UNTIL_SENT)) == 1
        assert len(caller.goes(REFUSED, repeat=Repeat.UNTIL_SENT)) == 2
        assert len(caller.goes(REFUSED, repeat=Repeat.NEVER)) == 1
        assert len(caller.goes(Fault(Outcome.TOKEN_UNAVAILABLE), repeat=Repeat.NEVER)) == 2

    def test_takes_a_new_connection_where_a_used_one_could_make_it_happen_twice(self):
        caller = Caller(a_pool_of(10))

        for repeat, fresh in ((Repeat.ALWAYS, False), (Repeat.UNTIL_SENT, True), (Repeat.NEVER, True)):
            assignment = caller.begins(NOW, repeat=repeat).next(NOW)
            assert isinstance(assignment, Assignment)
            assert assignment.fresh is fresh

    def test_a_request_that_failed_in_two_calls_is_asked_once(self):
        caller = Caller(a_pool_of(10))

        counts = [len(caller.goes(*[BUSY] * 9, request="the same")) for _ in range(4)]

        assert counts == [3, 3, 1, 1]
        assert len(caller.goes(*[BUSY] * 9, request="the same", now=NOW + 301)) == 3

    def test_is_the_answer_at_once_when_the_budget_is_empty_and_a_success_earns_one(self):
        caller = Caller(a_pool_of(2))
        budget = caller.blame.board.lineup(MODEL, NOW).budget
        for _ in range(10):
            caller.goes(*[BUSY] * 9)
        assert budget.left == 0

        assert len(caller.goes(*[BUSY] * 9)) == 1
        caller.goes()
        assert len(caller.goes(*[BUSY] * 9)) == 2

    def test_costs_a_retry_and_limits_met_after_it_do_not(self):
        caller = Caller(a_pool_of(5))
        budget = caller.blame.board.lineup(MODEL, NOW).budget

        assert len(caller.goes(BUSY, *[SPENT] * 9, max_wait=0.0)) == 5

        assert budget.left == budget.size - 1


class TestARefusal:
    def test_asks_others_ten_at_most(self):
        caller = Caller(a_pool_of(30))

        asked = caller.goes(*[REFUSED] * 30)

        assert len({account for account, _ in asked}) == MOST_REFUSALS
        assert caller.no_answer == NoAnswer(Ending.FAILURE, MOST_REFUSALS - 1)

    def test_puts_an_account_last_for_the_model_at_the_third_conversation(self):
        caller = Caller(a_pool())

        for _ in range(2):
            caller.meets(1, REFUSED)
        assert statuses(caller.blame) == [Status.READY] * 2

        caller.meets(1, REFUSED)
        assert statuses(caller.blame) == [Status.LAST, Status.READY]
        cooldown = caller.blame.board.cooldowns.get(1, MODEL)
        assert cooldown is not None
        assert 60.0 <= cooldown.until - NOW <= 72.0

    def test_is_remembered_by_its_conversation(self):
        caller = Caller(a_pool_of(5))
        asked = caller.goes(REFUSED, REFUSED, conversation=7)

        again = caller.goes(conversation=7)

        assert again == asked[-1:]

    def test_goes_first_to_who_answered_the_model_lately(self):
        caller = Caller(a_pool_of(20))
        (answered,) = caller.goes(conversation=1 << 63)

        for course in ([REFUSED], [BUSY, REFUSED]):
            asked = caller.goes(*course)
            assert asked.index(answered) == len(asked) - 1 == len(course)
        assert answered not in caller.goes(BUSY)

    def test_of_a_field_asks_the_other_kind_once(self):
        kinds = [Account(kind=kind, bases=(MAIN,)) for kind in ("cloud_code", "cloud_code", "gemini_api", "gemini_api")]
        caller = Caller(a_pool(*kinds))
        unknown = Fault(Outcome.UNKNOWN_FIELD, 400)

        asked = caller.goes(*[unknown] * 9)

        assert len(asked) == 2
        assert {kinds[account - 1].kind for account, _ in asked} == {"cloud_code", "gemini_api"}
        assert caller.no_answer == NoAnswer(Ending.FAILURE, 1)
        assert statuses(caller.blame) == [Status.READY] * 4

    def test_of_an_egress_goes_through_another(self):
        blame = a_pool(*[Account(bases=(MAIN,), proxy_url=proxy) for proxy in ("", "", "", "http://proxy")])
        caller = Caller(blame)

        asked = caller.goes(Fault(Outcome.EGRESS_BLOCKED, 400))
        while asked[0][0] == 4:
            asked = caller.goes(Fault(Outcome.EGRESS_BLOCKED, 400))

        assert asked[1][0] == 4
        assert [each.status for each in blame.board.eligibility(MODEL, NOW)][:3] == [Status.LAST] * 3


class TestLimits:
    def test_are_no_attempts(self):
        caller = Caller(a_pool_of(8))

        asked = caller.goes(*[SPENT] * 7, max_attempts=1)

        assert len(asked) == 8

    def test_with_accounts_left_no_client_has_to_come_back_tomorrow(self):
        caller = Caller(a_pool_of(30))

        caller.goes(*[SPENT] * 30)

        assert caller.no_answer == NoAnswer(Ending.COME_BACK, delay=1.0)

    def test_of_a_moment_are_waited_out_on_the_same_account(self):
        blame = a_pool()
        attempts = Caller(blame).begins()
        assignment = attempts.next(NOW)
        assert isinstance(assignment, Assignment)
        attempts.failed(Fault(Outcome.RATE_LIMITED, 429, delay=0.5), NOW)

        pause = attempts.next(NOW)

        assert isinstance(pause, Pause)
        assert 0.5 <= pause.until - NOW <= 0.625
        assert attempts.next(pause.until) is assignment
        attempts.give_back(NOW)

    @pytest.mark.parametrize(
        ("max_wait", "deadline", "longest"),
        [(10.0, NOW + 60, 6.25), (5.0, NOW + 60, 5.0), (4.9, NOW + 60, None), (10.0, NOW + 5, None)],
    )
    def test_of_the_last_account_are_waited_out_a_little_longer_if_there_is_time(self, max_wait, deadline, longest):
        attempts = Caller(a_pool_of(1)).begins(max_wait=max_wait, deadline=deadline)
        attempts.next(NOW)
        attempts.failed(Fault(Outcome.QUOTA_EXHAUSTED, 429, delay=5.0), NOW)

        step = attempts.next(NOW)

        assert isinstance(step, Pause) is (longest is not None)
        if isinstance(step, Pause) and longest == 5.0:
            assert step.until == NOW + 5
        elif isinstance(step, Pause):
            assert NOW + 5 < step.until <= NOW + longest


class TestAToken:
    def test_is_renewed_and_then_the_account_cools_down(self):
        caller = Caller(a_pool())
        attempts = caller.begins()
        assignment = attempts.next(NOW)
        assert isinstance(assignment, Assignment)
        assignment.sending(1, NOW)
        attempts.failed(TOKEN, NOW)
        assert attempts.next(NOW) is assignment
        assignment.sending(2, NOW)

        attempts.failed(TOKEN, NOW)

        assert isinstance(attempts.next(NOW), Assignment)
        cooldown = caller.blame.board.cooldowns.get(assignment.loan.account, "")
        assert cooldown is not None
        assert 30.0 <= cooldown.until - NOW <= 60.0
        attempts.give_back(NOW)

    def test_that_many_calls_were_refused_with_is_renewed_for_all_of_them(self):
        blame = a_pool()

        assert [blame.may_renew(1, 99, NOW + second) for second in range(3)] == [True] * 3
        assert not blame.may_renew(1, 100, NOW + 10)
        assert blame.may_renew(1, 100, NOW + 60)

    def test_refused_for_ten_minutes_while_others_are_accepted_takes_the_account_out(self):
        caller = Caller(a_pool())
        blame = caller.blame
        blame.may_renew(1, 1, NOW)
        late = NOW + REFUSED_FOR_GOOD

        blame.token_refused(1, TOKEN, late)
        assert blame._sink.taken_out == []

        attempts = caller.begins(late)
        attempts.tried = {1}
        assignment = attempts.next(late)
        assert isinstance(assignment, Assignment)
        attempts.answered(late)
        assignment.give_back(late)
        blame.token_refused(1, TOKEN, late)

        assert blame._sink.taken_out == [(1, "sign_in")]

    def test_that_cannot_be_had_keeps_the_account_out_until_one_call_has_one(self):
        caller = Caller(a_pool_of(1))
        attempts = caller.begins(max_wait=0.0)
        assert isinstance(attempts.next(NOW), Assignment)
        attempts.failed(Fault(Outcome.TOKEN_UNAVAILABLE), NOW)
        assert attempts.next(NOW) == NoAnswer(Ending.NO_TOKEN)
        assert statuses(caller.blame) == [Status.NO_TOKEN]

        later = NOW + 2
        assignment = caller.begins(later).next(later)
        assert isinstance(assignment, Assignment)
        assert statuses(caller.blame, later) == [Status.NO_TOKEN]

        assignment.sending(1, later)
        assert statuses(caller.blame, later) == [Status.READY]
        assignment.give_back(later)


class TestPaths:
    def test_a_dead_one_is_out_for_all_accounts_after_two_failures(self):
        caller = Caller(a_pool(bases=(MAIN, SPARE)))

        bases = [[base for _, base in caller.goes(DEAD, now=NOW + number)] for number in range(2)]

        assert bases == [[MAIN, SPARE], [MAIN, SPARE]]
        assert [base for _, base in caller.goes(now=NOW + 2)] == [SPARE]
        assert statuses(caller.blame) == [Status.READY] * 2

    def test_connections_that_failed_are_no_attempts(self):
        caller = Caller(a_pool_of(8, bases=(MAIN, SPARE, "https://third.example")))

        asked = caller.goes(DEAD, DEAD, BUSY, BUSY, max_attempts=2)

        assert [base for _, base in asked][2:] != []
        assert len(asked) >= 4

    def test_when_none_is_left_a_call_waits_for_one(self):
        caller = Caller(a_pool_of(1))
        caller.goes(DEAD, DEAD, max_wait=1.5)
        assert caller.no_answer == NoAnswer(Ending.NO_PATH)
        assert statuses(caller.blame) == [Status.NO_PATH]

        attempts = caller.begins(NOW + 3)
        assert isinstance(attempts.next(NOW + 3), Pause)

    def test_a_stale_connection_is_asked_again_once_on_a_fresh_one(self):
        caller = Caller(a_pool())
        stale = Fault(Outcome.STALE_CONNECTION)

        asked = caller.goes(stale, stale)

        assert asked[0] == asked[1] != asked[2]
        attempts = caller.begins()
        assignment = attempts.next(NOW)
        attempts.failed(stale, NOW + 1)
        assert attempts.next(NOW + 1) is assignment
        assert assignment.began == NOW + 1
        attempts.give_back(NOW + 1)
        assert caller.blame.board.lineup(MODEL, NOW).budget.left == 20

    def test_one_that_does_not_answer_as_the_api_is_used_last_after_two_conversations(self):
        caller = Caller(a_pool(bases=(MAIN, SPARE)))
        page = Fault(Outcome.UNREADABLE, 200)

        for _ in range(2):
            assert [base for _, base in caller.goes(page)] == [MAIN, SPARE]

        assert [base for _, base in caller.goes()] == [SPARE]
        assert [base for _, base in caller.goes(now=NOW + 80)] == [MAIN]


class TestBeingTooSlow:
    SLOW = Fault(Outcome.TIMED_OUT)

    def wait_in_vain(self, caller: Caller, began: float, ended: float, *, others_answer: bool) -> None:
        attempts = caller.begins(began)
        attempts.tried = {2}
        assert isinstance(attempts.next(began), Assignment)
        if others_answer:
            other = caller.begins(ended - 1)
            other.tried = {1}
            assignment = other.next(ended - 1)
            assert isinstance(assignment, Assignment)
            other.answered(ended - 1)
            assignment.give_back(ended - 1)
        attempts.failed(self.SLOW, ended)
        assert attempts.next(ended) == NoAnswer(Ending.FAILURE, 0)

    def test_is_blamed_on_the_account_if_others_got_bytes_meanwhile(self):
        caller = Caller(a_pool())

        for number in range(2):
            self.wait_in_vain(caller, NOW + 100 * number, NOW + 100 * number + 50, others_answer=True)

        assert statuses(caller.blame, NOW + 150) == [Status.LAST, Status.READY]

    def test_is_blamed_on_nothing_if_no_call_got_any(self):
        caller = Caller(a_pool())

        for number in range(5):
            self.wait_in_vain(caller, NOW + 100 * number, NOW + 100 * number + 50, others_answer=False)

        assert statuses(caller.blame, NOW + 450) == [Status.READY] * 2


class TestMoney:
    EMPTY = Fault(Outcome.NEEDS_OWNER, 429, parked="billing")

    def test_an_account_without_any_is_probed_each_hour_and_recovers_by_itself(self):
        caller = Caller(a_pool_of(1))
        caller.goes(self.EMPTY)
        assert caller.no_answer == NoAnswer(Ending.ACT)
        assert statuses(caller.blame, NOW + 3599) == [Status.NEEDS_ATTENTION]

        later = NOW + 4400
        first, second = caller.begins(later), caller.begins(later)
        assignment = first.next(later)
        assert isinstance(assignment, Assignment)
        assert second.next(later) == NoAnswer(Ending.ACT)

        first.answered(later)
        assignment.give_back(later)
        assert statuses(caller.blame, later) == [Status.READY]
        assert caller.blame._sink.returned == [1]


def test_what_a_person_has_to_do_is_the_answer_only_if_no_account_comes_back_by_itself():
    out = Account(parked="verify")

    for accounts, ending in (((out,), Ending.ACT), ((Account(enabled=False),), Ending.NOT_CONNECTED)):
        attempts = Caller(a_pool(*accounts)).begins()
        assert attempts.next(NOW) == NoAnswer(ending)

    caller = Caller(a_pool(out, Account()))
    caller.goes(SPENT)
    assert caller.no_answer.ending is Ending.COME_BACK
    assert 3600 <= caller.no_answer.delay <= 3630


def test_a_named_account_is_asked_even_if_it_cannot_answer():
    caller = Caller(a_pool(Account(parked="by_hand"), Account()))

    assignment = caller.begins(only=1, why="a test").next(NOW)

    assert isinstance(assignment, Assignment)
    assert (assignment.loan.account, assignment.why) == (1, "a test")
    assignment.give_back(NOW)


def test_deleting_an_account_during_a_call_does_no_harm():
    for fault in (
        DEAD,
        BUSY,
        TOKEN,
        REFUSED,
        SPENT,
        Fault(Outcome.UNKNOWN_FIELD, 400),
        Fault(Outcome.EGRESS_BLOCKED, 400),
    ):
        blame = a_pool(bases=(MAIN, SPARE))
        attempts = Caller(blame).begins()
        assignment = attempts.next(NOW)
        assert isinstance(assignment, Assignment)
        assignment.renewed = True
        (left,) = {1, 2} - {assignment.loan.account}
        blame.board.update({left: Account()}, [assignment.loan.account], NOW)

        attempts.failed(fault, NOW)
        step = attempts.next(NOW)

        assert not isinstance(step, Assignment) or step.loan.account == left
        attempts.give_back(NOW)
        assert blame.board.in_flight == 0


def test_no_path_is_left_when_those_of_accounts_in_service_are_down():
    caller = Caller(
        a_pool(Account(bases=(MAIN,)), Account(bases=(SPARE,), enabled=False), Account(bases=(), standby=True))
    )

    caller.goes(DEAD, DEAD, max_wait=1.5)

    assert caller.blame.board.ways.none_is_left
    assert caller.no_answer == NoAnswer(Ending.NO_PATH)


class TestOneCall:
    def test_tells_what_it_has_met(self):
        attempts = Caller(a_pool()).begins()
        assert repr(attempts) == "<Attempts for gemini-pro: nothing yet>"
        attempts.next(NOW)
        attempts.failed(BUSY, NOW)

        assert repr(attempts) == "<Attempts for gemini-pro: overloaded>"

    def test_whose_time_is_up_asks_no_account(self):
        attempts = Caller(a_pool()).begins(deadline=NOW)

        assert attempts.next(NOW) == NoAnswer(Ending.COME_BACK, delay=1.0)

    def test_connects_quickly_if_it_has_others_to_ask(self):
        def quick(blame: Blame, *course: Fault) -> list[bool]:
            attempts, found = Caller(blame).begins(), []
            for fault in (*course, None):
                assignment = attempts.next(NOW)
                assert isinstance(assignment, Assignment)
                found.append(assignment.quick)
                if fault:
                    attempts.failed(fault, NOW)
            attempts.give_back(NOW)
            return found

        assert quick(a_pool_of(1)) == [False]
        assert quick(a_pool_of(1, bases=(MAIN, SPARE))) == [True]
        assert quick(a_pool_of(2)) == [True]
        assert quick(a_pool_of(3), REFUSED, REFUSED) == [True, True, False]

    def test_that_names_its_account_asks_it_even_if_it_cannot_answer(self):
        blame = a_pool_of(2, bases=(MAIN, SPARE))
        caller = Caller(blame)
        assert caller.goes(only=2, why="a test") == [(2, MAIN)]

        for number in range(2):
            caller.goes(*[DEAD] * 9, now=NOW + number, max_wait=0.0)
        assert statuses(blame, NOW + 2) == [Status.NO_PATH] * 2

        assignment = caller.begins(only=2, why="a test").next(NOW + 2)
        assert isinstance(assignment, Assignment)
        assert (assignment.loan.account, assignment.path.base, assignment.why) == (2, MAIN, "a test")
        assert caller.goes(only=1, now=NOW + 2) == [(1, MAIN)]

    def test_takes_a_fingerprint_after_a_failure_only_and_once(self):
        taken: list[int] = []
        blame = a_pool_of(5)

        def begin() -> Attempts:
            return Attempts(blame, Wanted(MODEL, 7, request=lambda: taken.append(1) or "fingerprint"))

        attempts = begin()
        attempts.next(NOW)
        attempts.answered(NOW)
        attempts.give_back(NOW)
        assert taken == []

        attempts = begin()
        for _ in range(3):
            attempts.next(NOW)
            attempts.failed(BUSY, NOW)
        attempts.next(NOW)
        assert taken == [1]

    def test_without_a_retry_left_tells_its_first_failure(self):
        for bases in ((MAIN,), (MAIN, SPARE)):
            caller = Caller(a_pool_of(2, bases=bases))
            budget = caller.blame.board.lineup(MODEL, NOW).budget
            while budget.spend():
                pass

            assert len(caller.goes(BUSY)) == 1
            assert caller.no_answer == NoAnswer(Ending.FAILURE, 0)

    def test_does_not_wait_for_an_account_whose_cooldown_became_longer(self):
        def after_the_wait(worse: float) -> tuple[Assignment, object]:
            blame = a_pool()
            attempts = Caller(blame).begins()
            assignment = attempts.next(NOW)
            assert isinstance(assignment, Assignment)
            attempts.failed(Fault(Outcome.RATE_LIMITED, 429, delay=1.0), NOW)
            pause = attempts.next(NOW)
            assert isinstance(pause, Pause)
            blame.cool_down(assignment.loan.account, MODEL, Fault(Outcome.RATE_LIMITED, 429, delay=1.0 + worse), NOW)
            found = attempts.next(pause.until)
            attempts.give_back(pause.until)
            return assignment, found

        assignment, found = after_the_wait(0.0005)  # the same end, as rounded by the database
        assert found is assignment
        assignment, found = after_the_wait(0.5)
        assert isinstance(found, Assignment)
        assert found.loan.account != assignment.loan.account

    def test_has_a_token_renewed_once(self):
        attempts = Caller(a_pool()).begins()
        assignment = attempts.next(NOW)
        assert isinstance(assignment, Assignment)
        assignment.sending(1, NOW)
        attempts.failed(TOKEN, NOW)
        assert attempts.next(NOW) is assignment
        assert assignment.token == 0
        assignment.sending(2, NOW)

        attempts.failed(TOKEN, NOW + 61)

        assert attempts.next(NOW + 61) is not assignment
        attempts.give_back(NOW + 61)

    def test_shows_neither_its_request_nor_more_than_its_turn(self):
        wanted = Wanted(MODEL, 7, request=lambda: "secret")
        assert "request=" not in repr(wanted)
        attempts = Attempts(a_pool(), wanted)
        assignment = attempts.next(NOW)
        assert isinstance(assignment, Assignment)

        no_answer = repr(assignment)
        assignment.give_back(NOW)

        assert no_answer == f"<Assignment of account {assignment.loan.account} for gemini-pro: on>"
        assert repr(assignment) == f"<Assignment of account {assignment.loan.account} for gemini-pro: over>"
