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


async def _no_upstream(name: str, owner: int) -> str:
    return "No upstream is set up."


async def _not_provided(account: int) -> AccountTest:
    return AccountTest("", 0.0, "No account test is set up.")


@dataclass(slots=True)
class Hooks:
    """`attempts_today` maps accounts to their attempts since midnight; `test_account` makes a real call through one.

    `test_account` raises KeyError when the account is gone. `delete_resource` and `cancel_resource` ask upstream for
    that, of the resource of this name in the project with this row, and return what went wrong, "" for nothing.
    """

    attempts_today: Callable[[Collection[int], datetime], Mapping[int, int]] = lambda accounts, now: {}
    test_account: Callable[[int], Awaitable[AccountTest]] = _not_provided
    delete_resource: Callable[[str, int], Awaitable[str]] = _no_upstream
    cancel_resource: Callable[[str, int], Awaitable[str]] = _no_upstream


hooks = Hooks()
