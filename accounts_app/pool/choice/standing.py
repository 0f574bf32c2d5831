"""Whether an account can answer for a model, and if not, why not: the words for it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

WHOLE_ACCOUNT = ""  # the model of a rest that is about all of them


class Candidate(Protocol):
    """What the pool has to know of an account. `bases` are its endpoints in order, `proxy_url` its egress."""

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
    def proxy_url(self) -> str: ...
    @property
    def allowed_models(self) -> tuple[str, ...]: ...
    def can(self, operation: str) -> bool: ...
    def serves(self, model: str) -> bool: ...
    def remaining(self, model: str, now: float) -> float | None: ...
    def resets_at(self, model: str) -> float | None: ...


class Standing(StrEnum):
    """Whether an account can answer for a model now, and if not, why not."""

    READY = "ready"
    HALF_OPEN = "half_open"  # its rest is over: the next call tries it out
    LAST = "last"  # a guess is held against it: asked when nobody else is left
    UNKNOWN = "unknown"
    DISABLED = "disabled"
    STANDBY = "standby"  # the demo account, while another one exists
    PARKED = "parked"
    NOT_ALLOWED = "not_allowed"  # its operator keeps it to other models
    PROTECTED = "protected"  # its operator keeps what is left of its quota
    RESTING = "resting"
    NO_TOKEN = "no_token"  # its token endpoint is away
    NO_PATH = "no_path"  # none of its endpoints takes a connection
    PROBING = "probing"  # one call is trying it out
    FULL = "full"  # as many calls in flight as its operator allows


PATH = "path"  # the detail of one that stands last for the path it is reached by

# Those that end by themselves.
COMES_BACK = frozenset(
    {
        *(Standing.RESTING, Standing.PROTECTED, Standing.FULL, Standing.PROBING),
        *(Standing.NO_TOKEN, Standing.NO_PATH),
    }
)
CAN_ANSWER = frozenset({Standing.READY, Standing.HALF_OPEN, Standing.LAST})


@dataclass(frozen=True, slots=True)
class WhyNot:
    """An account's standing, with its end where that is known (seconds) and its cause in words."""

    account: int
    standing: Standing
    until: float | None = None
    detail: str = ""

    def __bool__(self) -> bool:
        """Whether there is a reason why not."""
        return self.standing not in CAN_ANSWER
