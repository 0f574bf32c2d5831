"""Functions that the accounts' pages call and proxy_app provides: set by gateway_project when the console is set up."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class AccountTest:
    """The result of an account test; `trouble` is empty when the account answered."""

    model: str
    seconds: float
    trouble: str = ""


async def _not_provided(account: int) -> AccountTest:
    return AccountTest("", 0.0, "No account test is set up.")


@dataclass(slots=True)
class Hooks:
    """`attempts_today` maps accounts to their attempts since midnight; `test_account` makes a real call through one.

    `test_account` raises KeyError when the account is gone.
    """

    attempts_today: Callable[[Collection[int], datetime], Mapping[int, int]] = lambda accounts, now: {}
    test_account: Callable[[int], Awaitable[AccountTest]] = _not_provided


hooks = Hooks()
