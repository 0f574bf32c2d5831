"""The attempts of one call: what to do next, after everything it has met so far.

`next()` returns which account to ask by which path, how long to pause, or what to answer the client; `failed()` and the
assignment take the results. Nothing here waits or sends: the gateway and the simulation carry out the same decisions.
"""

from collections.abc import Hashable

from accounts_app.pool.backoff import WAIT_SPREAD
from accounts_app.pool.blame.assignment import Assignment, Pause, Wanted
from accounts_app.pool.blame.blame import Blame, Suspicion
from accounts_app.pool.blame.no_answer import Ending, NoAnswer, no_answer
from accounts_app.pool.choice import outlook
from accounts_app.pool.choice.lineup import Among
from accounts_app.pool.choice.selection import Choice
from accounts_app.pool.outcomes import Counts, Effect, Fault, Outcome, Repeat, Retry, Verdict, verdict_of
from accounts_app.pool.paths.paths import Path

# Refusals in one call. They are quick, so there may be more of them than attempts.
MOST_REFUSALS = 10

# When no other account is left, those that failed without a reason are asked again after this many seconds.
AGAIN_AFTER = 1.0

# When a call meets two of these, the request is to blame: mostly its context is too long.
ONE_REPEAT = frozenset({500, 504})

# Seconds by which the same cooldown, read back from the database, may end later: its columns hold microseconds.
ROUNDING = 0.001

# These end by themselves: after a wait the account may be asked again.
RECOVERS = frozenset({Outcome.RATE_LIMITED, Outcome.QUOTA_EXHAUSTED, Outcome.TOKEN_UNAVAILABLE, Outcome.UNREACHABLE})


class Attempts:
    """The decisions of one call."""

    __slots__ = (
        *(
            "faults",
            "assignment",
            "tried",
            "waited",
            "_blame",
            "_met",
            "_owes_retry",
            "_pause",
            "_refusals",
            "_request",
        ),
        *("_other_kind", "_suspicions", "_no_answer", "_worked", "wanted"),
    )

    def __init__(self, blame: Blame, wanted: Wanted) -> None:
        self.faults: list[Fault] = []
        self.assignment: Assignment | None = None
        self.tried: set[int] = set()
        self.waited = 0.0  # seconds the call has been told to pause so far
        self._blame = blame
        self._met: dict[int, Fault] = {}  # the fault of each account that this call has left
        self._owes_retry = False  # going on costs a retry
        self._pause = 0.0  # when the present pause ends
        self._refusals = 0
        self._request: Hashable = None
        self._other_kind = False  # another kind of account is asked, because of an UNKNOWN_FIELD
        self._suspicions: list[Suspicion] = []
        self._no_answer: NoAnswer | None = None
        self.wanted = wanted
        self._worked = 0

    def __repr__(self) -> str:
        met = ", ".join(fault.outcome.value for fault in self.faults)
        return f"<Attempts for {self.wanted.model}: {met or 'nothing yet'}>"

    def next(self, now: float) -> Assignment | Pause | NoAnswer:
        """The account to ask now, the pause before that, or the end of the call."""
        if self._no_answer is not None:
            return self._no_answer
        if now >= self.wanted.deadline:
            return self._nothing_left(now)
        if now < self._pause:
            return Pause(self._pause)
        self._blame.board.look_at_paths(now)
        if self.assignment is not None:
            if self._is_worse(self.assignment):
                self._leave(self.assignment, self.faults[-1], verdict_of(self.faults[-1]), now)
                return self._another(now)
            if not self._take_retry(now):
                return self._end(NoAnswer(Ending.FAILURE, len(self.faults) - 1), now)
            self.assignment.begin(max(now, self.assignment.waited_for))
            self._blame.board.probe(self.assignment.loan, max(now, self.assignment.waited_for))
            return self.assignment
        return self._another(now)

    def failed(self, fault: Fault, now: float, replayable: bool = True) -> None:
        """Apply a failed exchange, and decide where to go on; nowhere with a body that is not `replayable`."""
        assignment, verdict = self.assignment, verdict_of(fault)
        assert assignment is not None
        self.faults.append(fault)
        assignment.settle(fault, now)
        if verdict.counts is Counts.ATTEMPT and not assignment.counted:
            assignment.counted = True
            self._worked += 1
        self._refusals += verdict.counts is Counts.REFUSAL
        if verdict.costs_retry:
            self._owes_retry = True
            self._suspicions.append(Suspicion(assignment.loan.account, assignment.path, fault))
        if not replayable or self._is_over(fault, verdict, now):
            self._end(NoAnswer(Ending.FAILURE, len(self.faults) - 1), now)
        elif not self._stays(assignment, fault, verdict, now):
            self._leave(assignment, fault, verdict, now)

    def answered(self, now: float) -> None:
        """The first frame of a good answer is in hand: count the failures before it against those who failed."""
        assignment, wanted = self.assignment, self.wanted
        assert assignment is not None
        assignment.answered(now)
        if not self._suspicions:
            return
        account, path, refused = assignment.loan.account, assignment.path, set()
        for suspicion in self._suspicions:
            effect = verdict_of(suspicion.fault).effect
            elsewhere = suspicion.path != path if effect is Effect.DETOUR_PATH else suspicion.account != account
            if elsewhere and not self._is_known_to_fail(now):
                self._blame.convict(wanted.model, suspicion, wanted.conversation, now)
            if effect is Effect.DOUBT:
                refused.add(suspicion.account)
        if refused:
            self._blame.refusals.add((wanted.conversation, wanted.model), refused, account)
        if self._request is not None:
            self._blame.failed.forget(self._request)

    def give_back(self, now: float) -> None:
        """Give the account back, if the call holds one."""
        if self.assignment is not None:
            self.assignment.give_back(now)
            self.assignment = None

    def _is_over(self, fault: Fault, verdict: Verdict, now: float) -> bool:
        """Whether the call ends: the request is to blame, or may not be sent again."""
        if verdict.retry is Retry.NO or not verdict.lets(self.wanted.repeat):
            return True
        if not verdict.costs_retry:
            return False
        alike = sum(each.status in ONE_REPEAT for each in self.faults)
        return (fault.status in ONE_REPEAT and alike > 1) or self._is_known_to_fail(now)

    def _stays(self, assignment: Assignment, fault: Fault, verdict: Verdict, now: float) -> bool:
        """Whether this account is asked again: after a wait, with a new token or connection, by its next path."""
        loan = assignment.loan
        match verdict.retry:
            case Retry.SAME_ACCOUNT if not assignment.waited_for:
                assignment.waited_for = self._blame.board.cooldowns.until(loan.account, loan.model)
                return self._wait(assignment.waited_for, now)
            case Retry.REFRESH:
                may_renew = self._blame.may_renew(loan.account, assignment.token, now)
                if may_renew and not assignment.renewed:
                    assignment.renewed = True
                    return True
                self._blame.token_refused(loan.account, fault, now)
            case Retry.FRESH_CONNECTION if not assignment.fresh or fault not in self.faults[:-1]:
                assignment.fresh = True
                return True
            # All paths of an account use the same proxy.
            case Retry.NEXT_PATH if not (verdict.costs_retry and assignment.moved) and not fault.proxy:
                path = self._blame.board.ways.best(loan.account, assignment.tried, now)
                if path is not None:
                    assignment.moved = verdict.costs_retry
                    assignment.path = path
                    assignment.tried.add(path)
                    return True
        return False

    def _leave(self, assignment: Assignment, fault: Fault, verdict: Verdict, now: float) -> None:
        board = self._blame.board
        self.give_back(now)
        self.tried.add(assignment.loan.account)
        self._met[assignment.loan.account] = fault
        if verdict.retry is Retry.OTHER_EGRESS:
            self.tried |= board.ways.leaving_by(assignment.path.egress)
        if verdict.retry is Retry.OTHER_KIND:
            asked = board.accounts.get(assignment.loan.account)
            kind = asked.kind if asked else ""
            self.tried.update(each for each, candidate in board.accounts.items() if candidate.kind == kind)
            if self._other_kind:
                self._end(NoAnswer(Ending.FAILURE, len(self.faults) - 1), now)
            self._other_kind = True

    def _another(self, now: float) -> Assignment | Pause | NoAnswer:
        """Go on with the next account, if there is one."""
        if self._worked >= self.wanted.max_attempts or self._refusals >= MOST_REFUSALS:
            return self._nothing_left(now)
        choice = self._choose(now)
        path = self._first_path(choice.account, now) if choice else None
        if choice is None or path is None:
            return self._when_none_is_left(now)
        if not self._take_retry(now):
            return self._end(NoAnswer(Ending.FAILURE, len(self.faults) - 1), now)
        board = self._blame.board
        loan = board.borrow(choice.account, self.wanted.model, now)
        why = f"{choice.why}, first call after a cooldown" if loan.probed else choice.why
        others = loan.lineup.ready.accounts if self._among is None else self._among
        self.assignment = Assignment(
            *(self._blame, loan, path, why, self.wanted.conversation, now),
            fresh=self.wanted.repeat is not Repeat.ALWAYS,
            quick=len(others) > len(self.tried) + 1 or len(board.ways.of(choice.account).paths) > 1,
        )
        return self.assignment

    def _choose(self, now: float) -> Choice | None:
        """The next account, if any is left."""
        wanted = self.wanted
        if wanted.only is not None:
            return None if wanted.only in self.tried else Choice(wanted.only, wanted.why)
        return self._blame.choose(
            *(wanted.strategy, wanted.model, wanted.conversation, self.tried, now),
            lately=any(each.fault.outcome is Outcome.REFUSED for each in self._suspicions),
            among=self._among,
            even_disabled=wanted.even_disabled,
        )

    @property
    def _among(self) -> Among:
        return self._blame.board.among(self.wanted.operation, self.wanted.owner, self.wanted.group)

    def _first_path(self, account: int, now: float) -> Path | None:
        ways = self._blame.board.ways
        path = ways.best(account, (), now)
        return next(iter(ways.of(account).paths), None) if path is None and self.wanted.only is not None else path

    def _when_none_is_left(self, now: float) -> Pause | NoAnswer:
        """No account is left that can answer now: wait for the next one that can, or to ask the same ones again."""
        again = [account for account, fault in self._met.items() if _may_be_asked_again(fault)]
        if again and self._wait(now + AGAIN_AFTER, now):
            for account in again:
                del self._met[account]
                self.tried.discard(account)
            return Pause(self._pause)
        if all(fault.outcome in RECOVERS for fault in self._met.values()):
            board, wanted = self._blame.board, self.wanted
            soonest = outlook.soonest(board, wanted.model, now, self._among, even_disabled=wanted.even_disabled)
            if soonest is not None and self._wait(max(soonest, now), now):
                self._met.clear()
                self.tried.clear()
                return Pause(self._pause)
        return self._nothing_left(now)

    def _wait(self, until: float, now: float) -> bool:
        """Pause until then and a little longer. Returns whether the call has the time."""
        pause = self._blame.spread(until - now, WAIT_SPREAD)
        if self.waited + (until - now) > self.wanted.max_wait or until >= self.wanted.deadline:
            return False
        pause = min(pause, max(self.wanted.max_wait - self.waited, until - now))
        self.waited += pause
        self._pause = now + pause
        return True

    def _take_retry(self, now: float) -> bool:
        """Whether the call may go on, which may take a retry from the budget."""
        if not self._owes_retry:
            return True
        self._owes_retry = False
        lineup = self._blame.board.lineup(self.wanted.model, now)
        lineup.budget.fit(len(lineup.members))
        return lineup.budget.spend()

    def _nothing_left(self, now: float) -> NoAnswer:
        asked = self._blame.board, self.faults, self.wanted.model, self._among, self._blame.spread, now
        return self._end(no_answer(*asked, even_disabled=self.wanted.even_disabled), now)

    def _end(self, no_answer: NoAnswer, now: float) -> NoAnswer:
        self.give_back(now)
        if self._suspicions and (request := self._fingerprint()) is not None:
            self._blame.failed.add(request, now)
        self._no_answer = no_answer
        return no_answer

    def _is_known_to_fail(self, now: float) -> bool:
        request = self._fingerprint()
        return request is not None and self._blame.failed.is_known(request, now)

    def _fingerprint(self) -> Hashable:
        if self._request is None and self.wanted.request is not None:
            self._request = self.wanted.request()
        return self._request

    def _is_worse(self, assignment: Assignment) -> bool:
        """Whether the account was deleted, or got a longer cooldown than the one that this call has waited for."""
        if assignment.loan.account not in self._blame.board.accounts:
            return True
        until = self._blame.board.cooldowns.until(assignment.loan.account, assignment.loan.model)
        return bool(assignment.waited_for) and until > assignment.waited_for + ROUNDING


def _may_be_asked_again(fault: Fault) -> bool:
    """Whether to ask the same account again after `AGAIN_AFTER`: it failed without a reason, or nothing was sent."""
    return fault.outcome is Outcome.UNREACHABLE or verdict_of(fault).effect is Effect.SUSPECT
