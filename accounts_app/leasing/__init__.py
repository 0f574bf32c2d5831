"""Leases an account to a call, and takes it back with a verdict. Synchronous and from memory: nothing here is awaited.

Calls count by the monotonic clock; what people read is by the wall clock.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from time import monotonic, time
from types import TracebackType
from typing import Self

from accounts_app import roster
from accounts_app.leasing import rows as leasing_rows
from accounts_app.leasing.lender import Lender, ahead
from accounts_app.leasing.usage import project_usage
from accounts_app.pool.blame.assignment import Assignment, Pause, Wanted
from accounts_app.pool.blame.attempts import Attempts
from accounts_app.pool.blame.no_answer import Ending, NoAnswer
from accounts_app.pool.choice.eligibility import WHOLE_ACCOUNT, Eligibility, Status
from accounts_app.pool.cooldowns.cooldown import Cooldown
from accounts_app.pool.outcomes import Fault
from accounts_app.pool.paths.paths import Path
from accounts_app.roster import AccountView, RosterUnavailable
from accounts_app.storage.worker import in_database

__all__ = [
    "AccountView",
    "Attempts",
    "Eligibility",
    "Ending",
    "Lease",
    "NoAnswer",
    "Pause",
    "RosterUnavailable",
    "Status",
    "Wanted",
    "attempts",
    "cooldown_models",
    "cooldowns",
    "default_generation_config",
    "eligibility",
    "has_accounts",
    "in_flight",
    "instruction_prefix",
    "is_served",
    "is_supported",
    "known",
    "last_used",
    "load",
    "need_attention",
    "next_step",
    "not_ready",
    "over_own_limits",
    "paths_due",
    "probed",
    "recovered",
    "refresh_usage",
    "reset",
    "routed",
    "shorten",
    "taken_out",
    "used",
]


class Lease:
    """An account that a call holds: a context manager, whose end gives the account back exactly once, settled or not.

    `path` is what the request is sent by, `why` the reason for this account, in words for the request log.
    """

    __slots__ = ("account", "assignment")

    def __init__(self, account: AccountView, assignment: Assignment) -> None:
        self.account = account
        self.assignment = assignment

    def __repr__(self) -> str:
        return f"<Lease: {self.assignment!r}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.give_back()

    @property
    def why(self) -> str:
        return self.assignment.why

    @property
    def path(self) -> Path:
        return self.assignment.path

    def settle(self, fault: Fault, *, at: float) -> None:
        """Apply the outcome of the exchange, at `at` (monotonic). Only the first call counts."""
        self.assignment.settle(fault, at)

    def give_back(self) -> None:
        """End the lease. Only the first call has an effect."""
        self.assignment.give_back(max(monotonic(), self.assignment.began))


_lender = Lender()


@roster.on_change
def _catch_up(_: roster.Roster) -> None:
    """Apply a new snapshot at once: building a large pool's ring is not left to the next call."""
    _lender.catch_up()


def attempts(wanted: Wanted) -> Attempts:
    """The decisions of one call. Raises RosterUnavailable."""
    return _lender.attempts(wanted)


def next_step(attempts: Attempts, now: float) -> Lease | Pause | NoAnswer:
    """What a call does next; `now` is monotonic. Raises RosterUnavailable."""
    step = _lender.next(attempts, now)
    if isinstance(step, Assignment):
        return Lease(roster.current().accounts[step.loan.account], step)
    return step


def paths_due(now: float) -> list[Path]:
    """The paths to be probed now by a bare connection; `now` is monotonic. `probed` has to be called for each."""
    board = _lender.board
    return board.paths.due(now, every_second=board.ways.none_is_left)


def probed(path: Path, now: float, *, ok: bool, egress_ok: bool) -> None:
    """Apply the result of a bare connection; `egress_ok` says whether its proxy worked."""
    _lender.board.paths.probed(path, now, ok=ok, egress_ok=egress_ok)
    _lender.board.look_at_paths(now)


def is_supported(operation: str) -> bool:
    """Whether some account supports an operation, even if it is cooling down or disabled; not a demo account on
    standby.
    """
    board = _lender.board
    return any(not board.accounts[each].standby for each in board.membership.able(operation, board.accounts))


def is_served(operation: str) -> bool:
    """Whether some account that is in service supports an operation, even if it is cooling down."""
    accounts, board = roster.current().accounts, _lender.board
    able = board.membership.able(operation, board.accounts)
    return any(account in accounts and accounts[account].available for account in able)


def has_accounts(owner: int) -> bool:
    """Whether there are accounts of this owner, others than demo accounts on standby."""
    board = _lender.board
    return any(not board.accounts[each].standby for each in board.membership.of_owner(owner))


def over_own_limits(now: float) -> set[int]:
    """The projects whose own limits are used up; `now` is monotonic."""
    return {owner for owner, until in _lender.board.limited.items() if until > now}


def known(account: int) -> AccountView:
    """An account as calls see it. Raises KeyError when there is none with this id, RosterUnavailable."""
    return roster.current().accounts[account]


def in_flight() -> int:
    """Calls that hold an account now."""
    return _lender.board.in_flight


def eligibility(model: str, now: float) -> list[Eligibility]:
    """Every account's eligibility for `model`, by id; `now` by the wall clock. Safe from any thread.

    Raises RosterUnavailable.
    """
    roster.current()
    found = _lender.board.eligibility(model, _lender.by_our_clock(now))
    return [each if each.until is None else replace(each, until=_lender.on_the_wall(each.until)) for each in found]


def cooldowns(now: float) -> list[tuple[int, str, Cooldown]]:
    """The cooldowns that keep an account from a model ("" for all of them) now, by the wall clock.

    Safe from any thread. Guesses are not among them: they only put an account last.
    """
    cooldowns = _lender.board.cooldowns.on(_lender.by_our_clock(now))
    return [
        (account, model, replace(cooldown, until=_lender.on_the_wall(cooldown.until)))
        for account, model, cooldown in cooldowns
        if not cooldown.is_guess
    ]


def cooldown_models() -> set[str]:
    """The models that some account cools down for, or did last time. Safe from any thread."""
    return _lender.board.cooldowns.models() - {WHOLE_ACCOUNT}


def need_attention() -> dict[int, str]:
    """The enabled accounts that need attention, and the reason; empty before the first reading of the database."""
    board = _lender.board
    if not board.out_of_service:
        return {}
    return {
        account: view.parked or board.taken_out[account]
        for account, view in board.accounts.items()
        if view.enabled and (view.parked or account in board.taken_out)
    }


def recovered(account: int) -> None:
    """Put an account that needed attention back in service: it has answered."""
    _lender.recovered(account, monotonic())


def shorten(owner: int, model: str, until: float) -> None:
    """Let the cooldowns of an owner's accounts for a model end by `until`, by the wall clock."""
    _lender.shorten(owner, model, _lender.by_our_clock(until), monotonic())


def taken_out() -> dict[int, str]:
    """The accounts that this process has taken out of service, and the reason, before their rows show it."""
    return _lender.board.taken_out.copy()


def load() -> dict[int, int]:
    """The calls in flight, by account, in this process. Safe from any thread."""
    return _lender.board.load.copy()


def last_used(account: int) -> float | None:
    """When this process last leased the account (epoch, exact to `USE_NOTED_EVERY` seconds); None if it never did."""
    return _lender.last_used.get(account)


def not_ready(now: float) -> list[str]:
    """Why no call can be answered, in words for /readyz; empty when one can."""
    try:
        roster.current()
    except RosterUnavailable as error:
        return [str(error)]
    board = _lender.board
    if not board.connected:
        return ["No account is connected."]
    if board.connected == board.out_of_service:
        return ["Every account needs attention."]
    return []


def routed(model: str) -> str:
    """The model to ask upstream for, by the operator's routes. Raises RosterUnavailable."""
    return roster.current().routes.resolve(model)


def used(account: int, tokens: int, now: float) -> None:
    """An exchange of the account has used so many tokens; `now` is monotonic. For the limits of its project."""
    if tokens:
        _lender.usage.add(account, 0, tokens, now, _lender.on_the_wall(now))


async def refresh_usage() -> None:
    """Learn what other nodes have used of projects with limits. Raises Django's database errors."""
    if not _lender.usage.limited:
        return
    wall = time()
    news = await in_database(project_usage.news, wall)
    _lender.usage.learn(news, monotonic(), wall)


def default_generation_config(model: str) -> Mapping[str, object]:
    """The operator's default generationConfig for the name `model`. Raises RosterUnavailable."""
    route = roster.current().routes.find(model)
    return route.generation_config if route else {}


def instruction_prefix() -> str:
    """The operator's text that goes before every system instruction. Raises RosterUnavailable."""
    return roster.current().settings.system_instruction_prefix


def reset(ahead: Callable[[], float] = ahead) -> None:
    """Forget every lease and decision. For tests, which may replace the difference of the two clocks."""
    global _lender
    leasing_rows.reset()
    project_usage.reset()
    _lender = Lender(ahead)
    with suppress(RosterUnavailable):
        _lender.catch_up()


# The roster may have been read before this module was imported.
with suppress(RosterUnavailable):
    _lender.catch_up()
