"""Carries out the table of blame: its effects on accounts, paths and egresses, and the evidence for guesses.

What upstream says of an account takes effect at once. A guess takes effect when several conversations failed here and
were answered elsewhere (`Suspicion`, kept by the call until it is answered). Decisions go to a `Sink`, which stores
them.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Protocol

from accounts_app.pool.backoff import GUESS_SPREAD, HOUR, Spread
from accounts_app.pool.blame.evidence import Evidence, FailedRequests, Refusals
from accounts_app.pool.choice.board import WHOLE_ACCOUNT, Board, Loan
from accounts_app.pool.choice.lineup import Among
from accounts_app.pool.choice.selection import Choice, Strategy
from accounts_app.pool.cooldowns.cooldown import OF_THE_PROJECT, Cooldown, CooldownState, cleared, next_cooldown, state
from accounts_app.pool.outcomes import Effect, Fault, Outcome, verdict_of
from accounts_app.pool.paths.paths import Path, Paths

# How many conversations in a row make a guess.
WITNESSES = {Effect.SUSPECT: 2, Effect.DOUBT: 3, Effect.DETOUR_PATH: 2, Effect.OUTDONE: 2}

# A token is renewed because of a 401 once a minute at most.
RENEW_EVERY = 60.0
# An account whose tokens are refused for so many seconds, while others' are accepted, needs attention.
REFUSED_FOR_GOOD = 600.0
# Seconds until an account without a token is tried again.
TOKEN_AGAIN = 2.0

# Why an account needs attention, when the fault does not say.
DEFAULT_REASON = {Outcome.REVOKED: "sign_in", Outcome.UNAUTHENTICATED: "sign_in", Outcome.NEEDS_OWNER: "verify"}

# The `Account.parked` of a project that has run out of money: a call probes it each hour, and a success puts it back.
BILLING = "billing"


class Sink(Protocol):
    """Stores decisions."""

    def cooldown(self, account: int, model: str, cooldown: Cooldown) -> None: ...
    def take_out(self, account: int, fault: Fault) -> None: ...
    def put_back(self, account: int, parked: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Suspicion:
    """A failure of a call on an account and a path, not counted against them yet."""

    account: int
    path: Path
    fault: Fault


@dataclass(slots=True)
class _Tokens:
    """The refused tokens of an account."""

    refused: int  # the last one; a number stands for it
    renewed_at: float
    since: float  # when the first one in a row was refused


class Blame:
    """The pool as calls see it: the board, and the evidence against accounts, paths and requests."""

    def __init__(self, sink: Sink, seed: float = 0.0) -> None:
        self.spread = Spread(seed)
        self.paths = Paths(self.spread)
        self.board = Board(self.paths)
        self.evidence = Evidence()
        self.refusals = Refusals()
        self.failed = FailedRequests()
        self._sink = sink
        self._tokens: dict[int, _Tokens] = {}
        self._accepted_at: dict[str, float] = {}  # kind of account -> when a token of that kind was last accepted

    def __repr__(self) -> str:
        return f"<Blame {self.board!r}, {self.evidence!r}, {self.paths!r}>"

    def settle(self, loan: Loan, path: Path, fault: Fault, since: float, conversation: int, now: float) -> None:
        """Apply the effect of an exchange that began at `since`, unless it needs more evidence."""
        match verdict_of(fault).effect:
            case Effect.CLEAR:
                self.finished(loan, path, since, now)
            case Effect.COOL_DOWN:
                self.cool_down(loan.account, WHOLE_ACCOUNT if fault.whole_account else loan.model, fault, now)
            case Effect.TAKE_OUT:
                self.take_out(loan.account, fault, now)
            case Effect.AWAIT_TOKEN:
                self.board.await_token(loan.account, now + TOKEN_AGAIN, now)
            case Effect.BREAK_PATH:
                self.paths.refused(path, since, now, proxy=fault.proxy)
                self.board.look_at_paths(now)
            case Effect.DETOUR_EGRESS:
                self.paths.detour(path.egress, now)
                self.board.look_at_paths(now)
            case Effect.OUTDONE if self._others_did_well(loan, path, fault, since):
                self.convict(loan.model, Suspicion(loan.account, path, fault), conversation, now)

    def choose(
        self,
        strategy: Strategy,
        model: str,
        conversation: int,
        tried: Collection[int],
        now: float,
        *,
        lately: bool,
        among: Among = None,
        even_disabled: bool,
    ) -> Choice | None:
        """The account to ask; None when none of those not tried can answer.

        1. The account that answered this conversation, where others had refused it.
        2. With `lately`, one that answered for this model within the last minutes.
        3. By the operator's strategy; accounts that refused this conversation come last.
        4. With `even_disabled`, one that an operator has disabled.
        """
        board = self.board
        refused, answered = self.refusals.of((conversation, model))
        others: Collection[int] = {*tried, *refused} if refused else tried
        before = [] if answered is None else [(answered, "it answered this conversation before")]
        if lately:
            before += [(each, "it answered for this model lately") for each in board.lineup(model, now).lately(now)]
        for account, why in before:
            may_answer = account not in others and (among is None or account in among)
            if may_answer and board.is_ready(account, model, now):
                return Choice(account, why)
        choice = board.choose(strategy, model, conversation, others, now, among)
        if choice is None and refused:
            choice = board.choose(strategy, model, conversation, tried, now, among)
        return self._disabled(model, tried, now, among) if choice is None and even_disabled else choice

    def _disabled(self, model: str, tried: Collection[int], now: float, among: Among) -> Choice | None:
        for account in sorted(among or ()):
            if account not in tried and self.board.eligibility_of(account, model, now, even_disabled=True).eligible:
                return Choice(account, "disabled, but in the project of what is named")
        return None

    def convict(self, model: str, suspicion: Suspicion, conversation: int, now: float) -> None:
        """Count one more conversation against an account or a path; with enough of them it comes last for a while."""
        effect, account = verdict_of(suspicion.fault).effect, suspicion.account
        if effect is Effect.DETOUR_PATH:
            if self.evidence.add(suspicion.path, effect, conversation, WITNESSES[effect], now):
                self.paths.detour(suspicion.path, now)
                self.board.look_at_paths(now)
            return
        known = self.board.cooldowns.get(account, model)
        is_half_open = known is not None and known.is_guess and now >= known.until
        needed = 1 if is_half_open else WITNESSES[effect]
        if self.evidence.add(account, (model, effect), conversation, needed, now):
            self.cool_down(account, model, suspicion.fault, now)

    def answered(self, loan: Loan, path: Path, since: float, now: float) -> None:
        """The first frame of a good answer, to a call begun at `since`, is in hand."""
        account, model = loan.account, loan.model
        self.paths.answered(path)
        loan.lineup.answered(account, now)
        self.evidence.clear(account, ((model, Effect.SUSPECT), (model, Effect.DOUBT)))
        self.evidence.clear(path, (Effect.DETOUR_PATH,))
        self._accepted(account, now)
        self._clear(loan, since, now)
        if self.board.retry_at:
            for each in self.board.membership.sharing(account) & self.board.retry_at.keys():
                self.put_back(each, BILLING, now)

    def finished(self, loan: Loan, path: Path, since: float, now: float) -> None:
        """A good answer ran to its end."""
        loan.lineup.finished_at = now
        loan.lineup.budget.earn()
        self.evidence.clear(loan.account, ((loan.model, Effect.OUTDONE),))
        self._clear(loan, since, now, finished=True)

    def cool_down(self, account: int, model: str, fault: Fault, now: float) -> None:
        """Let the account cool down for a model ("" for all of them): where a quota is used up, all of its project."""
        before = self.board.cooldowns.get(account, model)
        cooldown = next_cooldown(fault, before, now, self.spread)
        if cooldown is not before:
            self._put(account, model, cooldown, now)
        if cooldown.reason in OF_THE_PROJECT:
            for other in self.board.membership.sharing(account) - {account}:
                known = self.board.cooldowns.get(other, model)
                if known is None or known.is_guess or known.until < cooldown.until:
                    self._put(other, model, cooldown, now)

    def take_out(self, account: int, fault: Fault, now: float) -> None:
        """Take an account out of service until a person acts; one that may recover by itself is probed each hour.

        It is the project that is out of credits or at its spending cap, with all its accounts.
        """
        fault = fault if fault.parked else replace(fault, parked=DEFAULT_REASON[fault.outcome])
        for each in tuple(self.board.membership.sharing(account)) if fault.parked == BILLING else (account,):
            if fault.parked == BILLING:
                self.board.try_again(each, now + self.spread(HOUR, GUESS_SPREAD))
            self.board.take_out(each, fault.parked, now)
            self._sink.take_out(each, fault)

    def try_each_hour(self, account: int, now: float) -> None:
        """Have a call probe, each hour, an account whose row says that it has run out of money."""
        if account not in self.board.retry_at:
            self.board.try_again(account, now + self.spread(HOUR, GUESS_SPREAD))

    def has_token(self, account: int, now: float) -> None:
        """An exchange got a token for the account."""
        if account in self.board.tokenless:
            self.board.await_token(account, None, now)

    def may_renew(self, account: int, token: int, now: float) -> bool:
        """Whether to renew the refused token and ask the account again: not if it was renewed just now and is refused
        all the same. `token` is any number that stands for the token.
        """
        known = self._tokens.get(account)
        if known is None:
            self._tokens[account] = _Tokens(token, now, now)
            return True
        if token == known.refused:
            return now - known.renewed_at < RENEW_EVERY or self._renew(known, token, now)
        return now - known.renewed_at >= RENEW_EVERY and self._renew(known, token, now)

    def token_refused(self, account: int, fault: Fault, now: float) -> None:
        """Let an account whose new token is refused, too, cool down or, after ten minutes of that, need attention."""
        known = self._tokens.setdefault(account, _Tokens(0, now, now))
        candidate = self.board.accounts.get(account)
        accepted_at = self._accepted_at.get(candidate.kind, 0.0) if candidate else 0.0
        if now - known.since >= REFUSED_FOR_GOOD and accepted_at > known.since:
            self.take_out(account, replace(fault, parked="sign_in"), now)
        else:
            self.cool_down(account, WHOLE_ACCOUNT, fault, now)

    def forget(self, gone: set[int]) -> None:
        """Forget accounts that were deleted."""
        for account in gone:
            self._tokens.pop(account, None)
        self.evidence.forget(gone)

    def _renew(self, known: _Tokens, token: int, now: float) -> bool:
        known.refused, known.renewed_at = token, now
        return True

    def _accepted(self, account: int, now: float) -> None:
        if candidate := self.board.accounts.get(account):
            self._accepted_at[candidate.kind] = now
        if account in self._tokens:
            del self._tokens[account]

    def put_back(self, account: int, parked: str, now: float) -> None:
        """Put an account back in service that was out for the reason `parked` and has answered."""
        self.board.retry_at.pop(account, None)
        self.board.take_out(account, "", now)
        self._sink.put_back(account, parked)

    def _clear(self, loan: Loan, since: float, now: float, *, finished: bool = False) -> None:
        """End the cooldowns that the success of a call begun at `since` proves over.

        Not those that began after it: a long stream that ends well says nothing of a quota that ran out meanwhile.
        """
        for of, cooldown in self.board.cooldowns.both(loan.account, loan.model):
            proven = cooldown.stamp <= since if cooldown.is_guess else state(cooldown, since) is CooldownState.HALF_OPEN
            if proven and (finished or cooldown.reason != Outcome.INTERRUPTED):
                for account in tuple(self.board.sharing(loan.account, of)):
                    self._clear_shared(account, of, cooldown, since, now)

    def _clear_shared(self, account: int, model: str, proven: Cooldown, since: float, now: float) -> None:
        """End an account's cooldown that another of its project has proven over, or its own."""
        cooldown = self.board.cooldowns.get(account, model)
        is_same = cooldown is not None and cooldown.reason == proven.reason
        if cooldown is proven or (is_same and state(cooldown, since) is CooldownState.HALF_OPEN):
            self._put(account, model, cleared(now), now)

    def _put(self, account: int, model: str, cooldown: Cooldown, now: float) -> None:
        self.board.set_cooldown(account, model, cooldown, now)
        self._sink.cooldown(account, model, cooldown)

    def _others_did_well(self, loan: Loan, path: Path, fault: Fault, since: float) -> bool:
        """Whether other calls did better since: got bytes by the path or, if INTERRUPTED, whole answers."""
        if fault.outcome is Outcome.INTERRUPTED:
            return loan.lineup.finished_at > since
        return self.paths.heard_since(path, since)
