"""Which accounts can answer for a model now: cooldowns, probes, reasons, limits, and counts that must add up."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from accounts_app.pool.backoff import Spread
from accounts_app.pool.choice import outlook
from accounts_app.pool.choice.board import LINEUPS, Board, Loan
from accounts_app.pool.choice.eligibility import Status
from accounts_app.pool.choice.lineup import SOON
from accounts_app.pool.choice.selection import Strategy
from accounts_app.pool.cooldowns.cooldown import Cooldown, cleared
from accounts_app.pool.cooldowns.cooldowns import PROBE_SECONDS
from accounts_app.pool.paths.paths import Path, Paths

NOW = 1_000_000.0
PRO, FLASH = "gemini-pro", "gemini-flash"
RING, TURNS, FILL = Strategy.CONSISTENT_HASH, Strategy.ROUND_ROBIN, Strategy.FILL_FIRST


@dataclass(frozen=True, slots=True)
class Someone:
    """An account in service, with nothing special about it."""

    kind: str = "gemini_api"
    bases: tuple[str, ...] = ("https://one.example",)
    proxy_url: str = ""
    weight: int = 2
    priority: int = 0
    max_concurrency: int | None = None
    enabled: bool = True
    parked: str = ""
    standby: bool = False
    models: tuple[str, ...] = ()
    left: Mapping[str, float] = field(default_factory=dict)
    reset: float | None = None
    owner: int = 0

    @property
    def allowed_models(self) -> tuple[str, ...]:
        return self.models

    def can(self, operation: str) -> bool:
        return True

    def serves(self, model: str) -> bool:
        return not self.models or model in self.models

    def remaining(self, model: str, now: float) -> float | None:
        return self.left.get(model)

    def resets_at(self, model: str) -> float | None:
        return self.reset


def board_of(**accounts: Someone) -> Board:
    """A board of accounts named a1, a2 …"""
    board, known = Board(Paths(Spread())), {int(name[1:]): account for name, account in accounts.items()}
    board.update(known, known, NOW)
    return board


def a_cooldown(until: float) -> Cooldown:
    return Cooldown(until, "rate_limited", 1, until, "slow down", NOW)


def picks(board: Board, model: str = PRO, now: float = NOW, strategy: Strategy = RING, tried=()) -> int | None:
    choice = board.choose(strategy, model, 42, tried, now)
    return choice.account if choice else None


def test_a_cooling_down_account_is_not_chosen_for_that_model_until_its_cooldown_is_over():
    board = board_of(a1=Someone())
    board.set_cooldown(1, PRO, a_cooldown(NOW + 10), NOW)

    assert picks(board) is None
    assert picks(board, FLASH) == 1
    assert board.lineup(PRO, NOW).soonest(NOW) == NOW + 10
    assert picks(board, now=NOW + 10) == 1


def test_a_cooldown_of_the_whole_account_is_for_every_model():
    board = board_of(a1=Someone())
    board.set_cooldown(1, "", a_cooldown(NOW + 10), NOW)

    assert (picks(board), picks(board, FLASH)) == (None, None)


@dataclass(frozen=True, slots=True)
class Measured(Someone):
    """An account whose quota is known until its reset."""

    def remaining(self, model: str, now: float) -> float | None:
        return None if self.reset is not None and self.reset <= now else self.left.get(model)


def test_an_account_below_its_reserve_is_not_asked_until_its_reset():
    board = board_of(a1=Measured(left={PRO: 0.1}, reset=NOW + 60), a2=Measured(left={PRO: 0.11}, reset=NOW + 60))
    board.protection = 0.1

    assert picks(board, tried=[2]) is None
    assert picks(board) == 2
    assert picks(board, FLASH, tried=[2]) == 1
    found = board.eligibility_of(1, PRO, NOW)
    assert (found.status, found.until, found.detail) == (Status.PROTECTED, NOW + 60, "10% left")
    assert board.lineup(PRO, NOW).soonest(NOW) == NOW + 60
    assert picks(board, now=NOW + 60, tried=[2]) == 1


def test_without_a_reserve_an_account_is_asked_to_the_end():
    board = board_of(a1=Measured(left={PRO: 0.0}, reset=NOW + 60))

    assert picks(board) == 1


def test_a_reserve_that_changes_takes_effect_with_the_next_call():
    board = board_of(a1=Measured(left={PRO: 0.3}, reset=NOW + 60))
    assert picks(board) == 1

    board.protection = 0.5
    assert picks(board) is None

    board.protection = 0.2
    assert picks(board) == 1


def test_a_quota_without_a_reset_has_no_reserve():
    board = board_of(a1=Measured(left={PRO: 0.0}))
    board.protection = 0.5

    assert picks(board) == 1


def test_of_a_cooldown_and_a_reserve_the_longer_counts():
    board = board_of(a1=Measured(left={PRO: 0.0}, reset=NOW + 60))
    board.protection = 0.5
    board.set_cooldown(1, PRO, a_cooldown(NOW + 10), NOW)
    assert board.eligibility_of(1, PRO, NOW).status is Status.PROTECTED

    board.set_cooldown(1, PRO, a_cooldown(NOW + 90), NOW)
    assert board.eligibility_of(1, PRO, NOW).status is Status.COOLING_DOWN
    assert board.lineup(PRO, NOW).soonest(NOW) == NOW + 90


def test_a_half_open_account_is_probed_by_one_call_only():
    board = board_of(a1=Someone())
    board.set_cooldown(1, PRO, a_cooldown(NOW + 10), NOW)
    later = NOW + 11

    probe = board.borrow(1, PRO, later)

    assert [of for of, _ in probe.probed] == [PRO]
    assert picks(board, now=later) is None
    assert board.eligibility_of(1, PRO, later).status is Status.PROBING
    assert board.lineup(PRO, later).soonest(later) == later + SOON
    board.give_back(probe, later)
    assert picks(board, now=later) == 1


def test_a_probe_without_a_result_holds_up_others_for_a_bounded_time():
    board = board_of(a1=Someone())
    board.set_cooldown(1, PRO, a_cooldown(NOW + 10), NOW)
    board.borrow(1, PRO, NOW + 10)

    assert picks(board, now=NOW + 10 + PROBE_SECONDS - 1) is None
    assert picks(board, now=NOW + 10 + PROBE_SECONDS) == 1


def test_a_probe_that_succeeds_opens_the_account_to_everybody():
    board = board_of(a1=Someone())
    board.set_cooldown(1, PRO, a_cooldown(NOW + 10), NOW)
    board.borrow(1, PRO, NOW + 10)

    board.set_cooldown(1, PRO, cleared(NOW + 11), NOW + 11)

    assert picks(board, now=NOW + 11) == 1
    assert board.eligibility_of(1, PRO, NOW + 11).status is Status.READY


def test_an_account_that_goes_leaves_the_ring():
    board = board_of(a1=Someone(), a2=Someone())

    board.update({2: Someone()}, [1], NOW)

    assert list(board.ring.accounts) == [2]
    assert repr(board) == "<Board 1 connected, 0 out of service, 0 in flight>"


def test_an_account_that_is_asked_last_is_not_ready():
    board = board_of(a1=Someone(), a2=Someone(), a3=Someone(), a4=Someone(enabled=False))
    board.set_cooldown(2, PRO, a_cooldown(NOW), NOW)
    board.set_cooldown(3, PRO, Cooldown(NOW + 9, "overloaded", 1, NOW + 9), NOW)

    assert [board.is_ready(account, PRO, NOW) for account in (1, 2, 3, 4, 5)] == [True, True, False, False, False]
    assert picks(board, tried=[1, 2]) == 3


def test_accounts_that_need_attention_are_probed_when_their_time_comes():
    board = board_of(a1=Someone(), a2=Someone())
    for account, at in ((1, NOW + 60), (2, NOW + 120)):
        board.take_out(account, "needs_owner", NOW)
        board.try_again(account, at)

    assert picks(board, now=NOW + 59) is None
    assert picks(board, now=NOW + 60) == 1
    assert picks(board, now=NOW + 60, tried=[1]) is None
    assert picks(board, now=NOW + 120, tried=[1]) == 2
    assert board.next_retry == float("inf")


def test_an_account_that_needs_attention_is_probed_by_one_call_an_hour():
    board = board_of(a1=Someone(parked="billing"), a2=Someone())
    board.try_again(1, NOW + 60)

    board.borrow(1, PRO, NOW + 60)
    board.borrow(2, PRO, NOW + 60)

    assert board.retry_at == {1: NOW + 60 + 3600}
    assert picks(board, now=NOW + 60, tried=[2]) is None


def test_an_account_without_a_token_is_tried_by_one_call_in_thirty_seconds():
    board = board_of(a1=Someone())
    board.await_token(1, NOW + 5, NOW)
    board.borrow(1, PRO, NOW + 5)

    assert picks(board, now=NOW + 34.9) is None
    assert picks(board, now=NOW + 35) == 1


def test_an_account_back_in_service_is_probed_no_more():
    board = board_of(a1=Someone(parked="billing"), a2=Someone(), a3=Someone())
    board.take_out(2, "billing", NOW)
    for account in (1, 2, 3):
        board.try_again(account, NOW + 60)
    board.update({1: Someone(parked="billing"), 2: Someone(), 3: Someone()}, [1, 2, 3], NOW)
    assert set(board.retry_at) == {1, 2}

    board.update({1: Someone(), 2: Someone(), 3: Someone()}, [1], NOW)

    assert set(board.retry_at) == {2}


def test_an_unknown_model_has_an_outlook_and_accounts_that_are_asked_last():
    board = board_of(a1=Someone(), a2=Someone())
    board.is_known = lambda model: False
    assert outlook.one_can_answer(board, "new", NOW)

    board.set_cooldown(1, "new", Cooldown(NOW + 9, "overloaded", 1, NOW + 9), NOW)
    assert [picks(board, "new"), picks(board, "new", tried=[2]), picks(board, "newer", tried=[2])] == [2, 1, 1]
    assert outlook.one_can_answer(board, "new", NOW)
    board.set_cooldown(2, "new", a_cooldown(NOW + 5), NOW)
    assert picks(board, "new") == 1
    board.set_cooldown(1, "new", a_cooldown(NOW + 9), NOW)

    assert picks(board, "new") is None
    assert not outlook.one_can_answer(board, "new", NOW)
    assert outlook.one_can_answer(board, "newer", NOW)
    assert outlook.soonest(board, "new", NOW) == NOW + 5


def test_an_account_that_is_kept_to_other_names_leaves_a_lineup_it_was_in():
    board = board_of(a1=Someone(), a2=Someone())
    board.is_known = lambda model: False
    assert picks(board, "new", tried=[2]) == 1

    board.update({1: Someone(models=("old",)), 2: Someone()}, [1], NOW)

    assert picks(board, "new", tried=[2]) is None


def test_paths_are_looked_at_when_they_change_and_a_few_times_a_second_while_they_may():
    board = board_of(a1=Someone())
    path = Path("https://one.example")
    assert picks(board) == 1
    board.paths.connecting(path, board.paths.begin(path, NOW), NOW)

    board.look_at_paths(NOW + 1.9)
    board.look_at_paths(NOW + 2.1)
    assert board.eligibility_of(1, PRO, NOW + 2.1).status is Status.READY
    board.look_at_paths(NOW + 2.15)
    assert board.eligibility_of(1, PRO, NOW + 2.15).status is Status.LAST

    for _ in range(2):
        board.paths.refused(path, NOW + 2.2, NOW + 2.2, proxy=False)
    board.look_at_paths(NOW + 2.2)
    assert picks(board, now=NOW + 2.2) is None


def test_a_full_account_is_passed_over_until_a_call_of_its_own_ends():
    board = board_of(a1=Someone(max_concurrency=1))
    call = board.borrow(1, FLASH, NOW)

    assert picks(board) is None
    assert board.lineup(PRO, NOW).soonest(NOW) == NOW + SOON
    board.give_back(call, NOW)
    assert picks(board) == 1


def test_accounts_disabled_on_standby_or_needing_attention_do_not_serve():
    board = board_of(a1=Someone(parked="verify"), a2=Someone(enabled=False), a3=Someone(standby=True))

    assert picks(board) is None
    assert (board.connected, board.out_of_service) == (1, 1)
    assert board.lineup(PRO, NOW).soonest(NOW) is None


def test_an_account_taken_out_here_is_out_before_its_row_says_so():
    board = board_of(a1=Someone(), a2=Someone())

    board.take_out(1, "sign_in", NOW)

    assert {picks(board, strategy=TURNS) for _ in range(4)} == {2}
    assert repr(board) == "<Board 2 connected, 1 out of service, 0 in flight>"


def test_accounts_kept_to_a_model_serve_no_other():
    board = board_of(a1=Someone(models=(FLASH,)), a2=Someone())

    assert [picks(board, PRO), picks(board, PRO, tried={2})] == [2, None]
    assert board.lineup(FLASH, NOW).members == {1, 2}


def test_a_changed_account_is_looked_at_anew():
    board = board_of(a1=Someone(), a2=Someone(parked="verify"))
    assert picks(board, tried={1}) is None

    board.update({2: Someone()}, [1, 2], NOW)

    assert picks(board) == 2
    assert (board.connected, board.out_of_service) == (1, 0)


def test_fill_first_goes_on_to_the_next_account_and_returns():
    board = board_of(a1=Someone(priority=1), a2=Someone(priority=0))
    assert picks(board, strategy=FILL) == 2

    board.set_cooldown(2, PRO, a_cooldown(NOW + 10), NOW)

    assert picks(board, strategy=FILL) == 1
    assert picks(board, strategy=FILL, now=NOW + 10) == 2


def test_round_robin_is_per_model():
    board = board_of(a1=Someone(), a2=Someone())

    assert [picks(board, strategy=TURNS) for _ in range(3)] == [1, 2, 1]
    assert picks(board, FLASH, strategy=TURNS) == 1


def test_every_account_has_a_status_with_its_cause():
    board = board_of(
        a1=Someone(),
        a2=Someone(enabled=False),
        a3=Someone(parked="verify"),
        a4=Someone(models=(FLASH,)),
        a5=Someone(),
        a6=Someone(max_concurrency=1),
    )
    board.set_cooldown(5, PRO, a_cooldown(NOW + 10), NOW)
    board.borrow(6, PRO, NOW)

    told = {reason.account: reason for reason in board.eligibility(PRO, NOW)}

    assert [told[account].status.value for account in sorted(told)] == [
        *("ready", "disabled", "parked", "not_allowed", "resting", "full"),
    ]
    assert (told[5].until, told[5].detail) == (NOW + 10, "rate_limited: slow down")
    assert [told[account].eligible for account in (1, 2)] == [True, False]


def test_so_many_models_have_a_lineup():
    assert LINEUPS == 64


def test_names_that_clients_make_up_do_not_fill_the_memory():
    board = board_of(a1=Someone())
    call = board.borrow(1, PRO, NOW)

    for number in range(2 * LINEUPS):
        picks(board, f"made-up-{number}")

    assert len(board._lineups) == LINEUPS
    board.give_back(call, NOW)
    assert board.in_flight == 0


class ABoardOverTime(RuleBasedStateMachine):
    """After any events in any order, the lineups are what placing all accounts anew would give."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.accounts = {number: Someone(max_concurrency=2 if number % 2 else None) for number in range(1, 5)}
        self.board = Board(Paths(Spread()))
        self.board.update(self.accounts, self.accounts, NOW)
        self.calls: list[Loan] = []

    @rule(model=st.sampled_from([PRO, FLASH]), key=st.integers(0, 2**64 - 1), strategy=st.sampled_from(list(Strategy)))
    def a_call_begins(self, model, key, strategy):
        if choice := self.board.choose(strategy, model, key, (), self.now):
            assert self.board.eligibility_of(choice.account, model, self.now).eligible
            self.calls.append(self.board.borrow(choice.account, model, self.now))

    @precondition(lambda self: self.calls)
    @rule()
    def a_call_ends(self):
        self.board.give_back(self.calls.pop(0), self.now)

    @rule(account=st.integers(1, 4), model=st.sampled_from(["", PRO, FLASH]), length=st.integers(0, 30))
    def an_account_cooldowns(self, account, model, length):
        self.board.set_cooldown(account, model, a_cooldown(self.now + length) if length else None, self.now)

    @rule(seconds=st.integers(1, 40))
    def time_passes(self, seconds):
        self.now += seconds

    @rule(account=st.integers(1, 4), someone=st.sampled_from([None, Someone(), Someone(parked="verify"), Someone(4)]))
    def an_account_changes(self, account, someone):
        self.accounts = {key: value for key, value in self.accounts.items() if key != account}
        if someone:
            self.accounts[account] = someone
        self.board.update(self.accounts, [account], self.now)

    @invariant()
    def the_lineups_are_what_one_would_find_by_looking(self):
        for model in (PRO, FLASH):
            lineup = self.board.lineup(model, self.now)
            ready = {
                account for account in self.accounts if self.board.eligibility_of(account, model, self.now).eligible
            }
            assert set(lineup.ready.accounts) == ready
            assert lineup.ready.weight == sum(self.accounts[account].weight * 4 for account in ready)
            assert lineup.in_flight == sum(lineup.load.values())
        assert self.board.in_flight == len(self.calls) == sum(self.board.load.values())
        assert self.board.connected == len(self.accounts)


TestABoardOverTime = ABoardOverTime.TestCase
TestABoardOverTime.settings = settings(max_examples=12, stateful_step_count=20, deadline=None)


def test_a_probe_that_ends_late_does_not_end_anothers():
    board = board_of(a1=Someone())
    board.set_cooldown(1, PRO, a_cooldown(NOW + 10), NOW)
    first = board.borrow(1, PRO, NOW + 10)
    later = NOW + 10 + PROBE_SECONDS
    second = board.borrow(1, PRO, later)

    board.give_back(first, later)

    assert picks(board, now=later) is None
    board.give_back(second, later)
    assert picks(board, now=later) == 1


def test_unknown_models_share_a_lineup_and_have_their_own_cooldowns():
    board = board_of(a1=Someone(), a2=Someone(models=("other-1",)))
    board.is_known = lambda model: model == PRO
    board.set_cooldown(1, "other-1", a_cooldown(NOW + 10), NOW)

    assert [picks(board, f"other-{number}") for number in (1, 2)] == [2, 1]
    assert picks(board, "other-2", tried={1}) is None
    assert outlook.soonest(board, "other-1", NOW) == NOW + 10
    assert [picks(board, "other-1", now=NOW + 10, tried={2})] == [1]
    for number in range(1_000):
        picks(board, f"made-up-{number}")
    assert len(board._lineups) == 2  # one for models that both may answer for, one for those that only the first may


def test_an_account_remembers_the_cooldowns_of_so_many_models():
    board = board_of(a1=Someone())

    for number in range(1_000):
        board.set_cooldown(1, f"model-{number}", a_cooldown(NOW + 10), NOW)

    assert len(board.cooldowns) == 64
    assert board.cooldowns.get(1, "model-999") is not None
