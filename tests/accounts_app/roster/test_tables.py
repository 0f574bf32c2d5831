"""What a reading of the tables says of cooldowns: each change once, and none is lost."""

from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from accounts_app.actions.accounts import clear_cooldowns_of
from accounts_app.models import Account, Rest
from accounts_app.pool.cooldowns.cooldown import Cooldown
from accounts_app.roster import CooldownKey
from accounts_app.roster.tables import OVERLAP, Tables
from tests.factories import make_account

pytestmark = pytest.mark.django_db


@pytest.fixture
def tables() -> Tables:
    return Tables()


def changes(tables: Tables) -> dict[CooldownKey, Cooldown | None]:
    """What one reading hands on."""
    tables.read()
    changed: dict[CooldownKey, Cooldown | None] = {}
    while tables.cooldown_changes:
        changed |= tables.cooldown_changes.popleft().cooldowns
    return changed


def lay(account: Account, model: str = "m", **fields: object) -> Rest:
    return Rest.objects.create(account=account, model=model, until=timezone.now() + timedelta(hours=1), **fields)


def age() -> None:
    """Rows that changed lately are read twice; these did not."""
    for model in (Account, Rest):
        model.objects.update(updated_at=timezone.now() - 10 * OVERLAP)


def test_a_cooldown_is_handed_on_once_and_so_is_its_end(tables):
    alice = make_account()
    row = lay(alice, reason="quota_exhausted", streak=2, message="spent")
    age()

    cooldown = changes(tables)[alice.pk, "m"]
    assert changes(tables) == {}
    clear_cooldowns_of([alice.pk])

    assert cooldown is not None
    assert (cooldown.until, cooldown.reason) == (row.until.timestamp(), "quota_exhausted")
    assert (cooldown.streak, cooldown.message) == (2, "spent")
    assert changes(tables) == {(alice.pk, "m"): None}
    assert changes(tables) == {}


def test_a_cooldown_ends_with_its_account(tables):
    alice = make_account()
    gone = alice.pk
    lay(alice)
    age()
    changes(tables)

    alice.delete()

    assert changes(tables) == {(gone, "m"): None}


def test_a_row_made_anew_is_not_taken_for_gone(tables):
    alice = make_account()
    old = lay(alice, reason="overloaded")
    age()
    changes(tables)

    old.delete()
    lay(alice, reason="rate_limited")
    lay(alice, "other")

    assert [cooldown.reason for (_, model), cooldown in changes(tables).items() if model == "m"] == ["rate_limited"]


def test_a_reading_that_fails_half_way_loses_no_change(tables):
    alice = make_account()
    old = lay(alice, "old")
    age()
    changes(tables)
    old.delete()
    brief = lay(alice, "brief")
    lay(alice, "lasting")
    Account.objects.filter(pk=alice.pk).update(project="new")

    def lost_half_way(execute, sql, params, many, context):
        if "accounts_app_rest" in sql and "WHERE" not in sql and "COUNT" not in sql:
            raise OperationalError("the database is away")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(lost_half_way), pytest.raises(OperationalError):
        tables.read()
    brief.delete()
    found = changes(tables)

    assert {model: cooldown is not None for (_, model), cooldown in found.items()} == {
        "old": False,
        "brief": False,
        "lasting": True,
    }
    assert tables.read().accounts[alice.pk].project == "new"
