"""What the rooms above lend to the accounts' pages. They put it here when the console is put together."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class AccountTest:
    """What a test of an account came to, in words; `trouble` is empty when it answered."""

    model: str
    seconds: float
    trouble: str = ""


async def _not_provided(account: int) -> AccountTest:
    return AccountTest("", 0.0, "Nothing here can ask it.")


@dataclass(slots=True)
class Hooks:
    """`attempts_today` maps accounts to how often each was asked since midnight; `test_account` asks one for a word.

    `test_account` raises KeyError when the account is gone.
    """

    attempts_today: Callable[[Collection[int], datetime], Mapping[int, int]] = lambda accounts, now: {}
    test_account: Callable[[int], Awaitable[AccountTest]] = _not_provided


hooks = Hooks()
