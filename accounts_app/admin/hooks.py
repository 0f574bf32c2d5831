"""What the rooms above lend to the accounts' pages. They put it here when the console is put together."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Tried:
    """What a test of an account came to, in words; `trouble` is empty when it answered."""

    model: str
    seconds: float
    trouble: str = ""


async def _nobody(account: int) -> Tried:
    return Tried("", 0.0, "Nothing here can ask it.")


@dataclass(slots=True)
class Upstairs:
    """`attempts_today` maps accounts to how often each was asked since midnight; `try_out` asks one for a word.

    `try_out` raises KeyError when the account is gone.
    """

    attempts_today: Callable[[Collection[int], datetime], Mapping[int, int]] = lambda accounts, now: {}
    try_out: Callable[[int], Awaitable[Tried]] = _nobody


lent = Upstairs()
