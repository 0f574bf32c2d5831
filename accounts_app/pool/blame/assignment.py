"""What a call wants of the pool, and the account it is assigned to."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from math import inf

from msgspec import Struct

from accounts_app.pool.blame.blame import Blame
from accounts_app.pool.choice.board import Loan
from accounts_app.pool.choice.selection import Strategy
from accounts_app.pool.outcomes import Fault, Repeat
from accounts_app.pool.paths.paths import Path


class Wanted(Struct, frozen=True):
    """What a call wants of the pool.

    `model` is what cooldowns are for, "" for the account as a whole. `operation` has to be one that the account
    supports; `owner` is `Candidate.owner` of the accounts that may answer, None for a call that any may answer. Then
    `group`, the caller's, is the only one whose exclusive projects it may use. With `even_disabled`, accounts of the
    owner that an operator has disabled answer when no other can. `conversation` is its affinity key.
    `repeat` says whether the request may be sent again. `max_wait` is how long it may wait for an account, in seconds,
    all its waits together; `deadline` when its first byte has to be there. `only` is the one account to ask, even if it
    is cooling down or disabled, and `why` the reason for that. `request` makes a fingerprint of the request, and is
    called after a failure only. `requests` is how many requests its project is charged with.
    """

    model: str
    conversation: int
    operation: str = ""
    owner: int | None = None
    even_disabled: bool = False
    group: int | None = None
    max_attempts: int = 3
    max_wait: float = 10.0
    deadline: float = inf
    repeat: Repeat = Repeat.ALWAYS
    only: int | None = None
    why: str = ""
    strategy: Strategy = Strategy.CONSISTENT_HASH
    request: Callable[[], Hashable] | None = None
    requests: int = 1

    def __repr__(self) -> str:
        return f"<Wanted {self.operation} with {self.model}>"


@dataclass(frozen=True, slots=True)
class Pause:
    """No account can be asked before `until`; then call `next()` again."""

    until: float


class Assignment:
    """A call assigned to one account: the loan, the path, and which retries the account has had in this call.

    `quick` says that the connect timeout may be short, because another account or path is left; `fresh` that the
    connection must be a new one.
    """

    __slots__ = (
        *("loan", "path", "why", "began", "fresh", "quick", "tried", "token", "exchange", "settled"),
        *("renewed", "waited_for", "moved", "counted", "_blame", "_given_back", "_conversation"),
    )

    def __init__(
        self, blame: Blame, loan: Loan, path: Path, why: str, conversation: int, now: float, *, fresh: bool, quick: bool
    ) -> None:
        self.loan = loan
        self.path = path
        self.why = why
        self.fresh = fresh
        self.quick = quick
        self.tried = {path}
        self.renewed = self.moved = self.counted = False
        self.waited_for = 0.0  # the end of the cooldown that this call waits for
        self._blame = blame
        self._conversation = conversation
        self._given_back = False
        self.begin(now)

    def __repr__(self) -> str:
        return (
            f"<Assignment of account {self.loan.account} for {self.loan.model}: {'over' if self._given_back else 'on'}>"
        )

    def begin(self, now: float) -> None:
        """An exchange begins."""
        self.began = now
        self.token = 0
        self.settled = False
        self.exchange = self._blame.paths.begin(self.path, now)

    def sending(self, token: int, now: float) -> None:
        """It has a token, for which the number `token` stands, and waits for a connection."""
        self.token = token
        self._blame.has_token(self.loan.account, now)
        self._blame.paths.connecting(self.path, self.exchange, now)

    def connected(self) -> None:
        """It has a connection."""
        self._blame.paths.connected(self.path, self.exchange)

    def answered(self, now: float) -> None:
        """The first frame of a good answer is in hand."""
        self.heard(now)
        self._blame.answered(self.loan, self.path, self.began, now)

    def heard(self, now: float) -> None:
        """The head of an answer, good or bad, is there."""
        self.end_exchange()
        self._blame.paths.heard(self.path, now)

    def settle(self, fault: Fault, now: float) -> None:
        """Apply the outcome of the exchange. Only the first call counts."""
        if not self.settled:
            self.settled = True
            self.end_exchange()
            self._blame.settle(self.loan, self.path, fault, self.began, self._conversation, now)

    def give_back(self, now: float) -> None:
        """End the loan. Only the first call has an effect."""
        if not self._given_back:
            self._given_back = True
            self.end_exchange()
            self._blame.board.give_back(self.loan, now)

    def end_exchange(self) -> None:
        if self.exchange:
            self._blame.paths.end(self.path, self.exchange)
            self.exchange = 0
