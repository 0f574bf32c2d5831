"""Whether an account can answer for a model, and if not, why; choices and explanations both use it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

WHOLE_ACCOUNT = ""  # the model of a cooldown that is about all of them
BY_HAND = "by_hand"  # the reason of an account that an operator has taken out
STORAGE = "/"  # how the "models" of cooldowns begin that are about what is stored, and about no model


class Candidate(Protocol):
    """An account, as the pool needs it.

    `bases` are its endpoints in order, `proxy_url` its egress, `owner` the number of the owner of what it creates:
    its project, which other accounts may share, or (negative) the account alone.
    """

    @property
    def kind(self) -> str: ...
    @property
    def weight(self) -> int: ...
    @property
    def priority(self) -> int: ...
    @property
    def max_concurrency(self) -> int | None: ...
    @property
    def enabled(self) -> bool: ...
    @property
    def parked(self) -> str: ...
    @property
    def standby(self) -> bool: ...
    @property
    def bases(self) -> tuple[str, ...]: ...
    @property
    def owner(self) -> int: ...
    @property
    def proxy_url(self) -> str: ...
    @property
    def allowed_models(self) -> tuple[str, ...]: ...
    def can(self, operation: str) -> bool: ...
    def serves(self, model: str) -> bool: ...
    def remaining(self, model: str, now: float) -> float | None: ...
    def resets_at(self, model: str) -> float | None: ...


class Status(StrEnum):
    """Whether an account can answer for a model now, and if not, why."""

    READY = "ready"
    HALF_OPEN = "half_open"  # its cooldown is over: the next call is the probe
    LAST = "last"  # asked when no other is left, because of a guess against it or its path
    UNKNOWN = "unknown"
    DISABLED = "disabled"
    STANDBY = "standby"  # a demo account, while a real one exists
    NEEDS_ATTENTION = "parked"
    NOT_ALLOWED = "not_allowed"  # its operator allows it other models only
    PROTECTED = "protected"  # below the quota reserve
    COOLING_DOWN = "resting"
    NO_TOKEN = "no_token"  # its token endpoint does not answer
    NO_PATH = "no_path"  # none of its endpoints takes a connection
    PROBING = "probing"  # a call is probing it
    FULL = "full"  # as many calls in flight as its operator allows


PATH = "path"  # the detail of one that is asked last because of its path

# Those that end by themselves.
COMES_BACK = frozenset(
    {
        *(Status.COOLING_DOWN, Status.PROTECTED, Status.FULL, Status.PROBING),
        *(Status.NO_TOKEN, Status.NO_PATH),
    }
)
CAN_ANSWER = frozenset({Status.READY, Status.HALF_OPEN, Status.LAST})


@dataclass(frozen=True, slots=True)
class Eligibility:
    """An account's status for a model, with its end where that is known (seconds) and its cause in words."""

    account: int
    status: Status
    until: float | None = None
    detail: str = ""

    @property
    def eligible(self) -> bool:
        """Whether the account can answer now."""
        return self.status in CAN_ANSWER
