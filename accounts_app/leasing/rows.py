"""The journal rows of leasing: cooldowns, accounts taken out of service or put back, last uses. Wall-clock times.

The writers run on the database thread. They remember when each decision was committed, so that leasing knows which
snapshots include it.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

from django.db import transaction
from django.db.models import QuerySet

from accounts_app.models import Account
from accounts_app.models import Rest as CooldownModel
from accounts_app.pool.cooldowns.cooldown import Cooldown
from accounts_app.storage import journal

COOLDOWN, TAKEN_OUT, PUT_BACK, LAST_USED = "rest", "park", "unpark", "last_used"

# The width of the column. Clients name models; a cooldown for a longer name is kept in memory only.
LONGEST_MODEL = 128


@dataclass(frozen=True, slots=True)
class CooldownRow:
    """A cooldown that began or, with streak 0, ended; `decision` tells it from others of the same account and model."""

    account: int
    model: str
    cooldown: Cooldown
    decision: object = field(default_factory=object, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class TakenOutRow:
    """An account that a verdict took out of service at `stamp` (seconds, epoch), for the reason `parked`."""

    account: int
    parked: str
    message: str
    link: str
    stamp: float


@dataclass(frozen=True, slots=True)
class PutBackRow:
    """An account that was out of service for the reason `parked` and has answered."""

    account: int
    parked: str


@dataclass(frozen=True, slots=True)
class LastUseRow:
    """An account leased at `at` (seconds, epoch)."""

    account: int
    at: float


_written: dict[tuple[object, ...], tuple[object, float]] = {}  # key -> the decision, when it was committed


def written_before(what: tuple[object, ...], decision: object, loaded_at: float) -> bool:
    """Whether this decision was committed before `loaded_at` (monotonic), when a reading began; if so, forget it."""
    found = _written.get(what)
    if found is None or found[0] is not decision or found[1] > loaded_at:
        return False
    del _written[what]
    return True


def reset() -> None:
    """Forget what was written. For tests."""
    _written.clear()


# Rows are always written in the order of their keys, so that two nodes that write the same ones do not deadlock.


def write_cooldowns(rows: list[CooldownRow]) -> None:
    """Store the newest of each account's cooldowns.

    Two nodes that write the same cooldown in the same second overwrite each other. That is tolerated: the one whose
    row was lost makes one request more and gets the same answer.
    """
    newest = {(row.account, row.model): row for row in rows}
    there = set(Account.objects.filter(pk__in={row.account for row in rows}).values_list("pk", flat=True))
    storable = [newest[key] for key in sorted(newest) if key[0] in there and len(key[1]) <= LONGEST_MODEL]
    CooldownModel.objects.bulk_create(
        [_cooldown(row) for row in storable],
        update_conflicts=True,
        unique_fields=["account", "model"],
        update_fields=["until", "reason", "message", "streak", "window_until"],
    )
    _note({(COOLDOWN, row.account, row.model): row.decision for row in storable})


def write_taken_out(rows: list[TakenOutRow]) -> None:
    """Store the reason of accounts that have none yet, unless somebody has signed in after the verdict."""
    for row in sorted(rows, key=lambda row: row.account):
        accounts = Account.objects.filter(pk=row.account, parked="")
        if row.parked == Account.Parked.SIGN_IN:
            accounts = accounts.exclude(credential__updated_at__gt=_moment(row.stamp))
        accounts.update(
            parked=row.parked, parked_message=row.message, parked_link=row.link, parked_at=_moment(row.stamp)
        )
    _note({(TAKEN_OUT, row.account): row for row in rows})


def write_put_back(rows: list[PutBackRow]) -> None:
    """Clear the reason of accounts that have answered, unless it is another one by now."""
    for row in sorted(rows, key=lambda row: row.account):
        accounts = Account.objects.filter(pk=row.account, parked=row.parked)
        accounts.update(parked="", parked_message="", parked_link="", parked_at=None)


def write_last_uses(rows: list[LastUseRow]) -> None:
    """Store when accounts were last used, without moving `updated_at`: the roster need not read them again for that."""
    newest = {row.account: row for row in rows}
    accounts = [Account(pk=account, last_used_at=_moment(newest[account].at)) for account in sorted(newest)]
    QuerySet[Account](Account).bulk_update(accounts, ["last_used_at"])


def _cooldown(row: CooldownRow) -> CooldownModel:
    over = row.cooldown.streak == 0
    return CooldownModel(
        account_id=row.account,
        model=row.model,
        until=None if over else _moment(row.cooldown.until),
        reason=row.cooldown.reason,
        message=row.cooldown.message,
        streak=row.cooldown.streak,
        window_until=None if over else _moment(row.cooldown.window_until),
    )


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _note(decisions: Mapping[tuple[object, ...], object]) -> None:
    """Remember them as written once they are committed."""
    transaction.on_commit(partial(_committed, decisions))


def _committed(decisions: Mapping[tuple[object, ...], object]) -> None:
    now = time.monotonic()
    _written.update({what: (decision, now) for what, decision in decisions.items()})


journal.register(COOLDOWN, write_cooldowns, droppable=False)
journal.register(TAKEN_OUT, write_taken_out, droppable=False)
journal.register(PUT_BACK, write_put_back, droppable=False)
journal.register(LAST_USED, write_last_uses, droppable=True)
