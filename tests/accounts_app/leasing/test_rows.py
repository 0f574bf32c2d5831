"""What leasing stores: a decision counts when it is committed, and every node writes in the same order."""

import time
from datetime import UTC, datetime

import pytest
from django.db import transaction

from accounts_app.leasing import rows
from accounts_app.models import Rest
from accounts_app.pool.cooldowns.cooldown import Cooldown
from tests.factories import make_account

pytestmark = [pytest.mark.usefixtures("forgetful"), pytest.mark.django_db(transaction=True)]

PRO, FLASH = "gemini-2.5-pro", "gemini-2.5-flash"
NOW = datetime(2026, 1, 1, tzinfo=UTC).timestamp()


def test_a_cooldown_counts_as_written_when_it_is_committed_and_not_before():
    (alice,) = (make_account().pk,)
    row = rows.CooldownRow(alice, PRO, Cooldown(NOW + 60, "rate_limited", 1, NOW + 60))

    with pytest.raises(ZeroDivisionError), transaction.atomic():
        rows.write_cooldowns([row])
        _ = 1 / 0
    assert not rows.written_before((rows.COOLDOWN, alice, PRO), row.decision, time.monotonic() + 60)

    with transaction.atomic():
        rows.write_cooldowns([row])
        assert not rows.written_before((rows.COOLDOWN, alice, PRO), row.decision, time.monotonic() + 60)
    assert rows.written_before((rows.COOLDOWN, alice, PRO), row.decision, time.monotonic() + 60)


def test_rows_are_written_in_the_order_of_their_keys_on_every_node():
    ids = [make_account(f"{name}@example.com").pk for name in ("alice", "bob", "carol")]
    cooldown = Cooldown(NOW + 60, "rate_limited", 1, NOW + 60)

    rows.write_cooldowns(
        [rows.CooldownRow(account, model, cooldown) for account in reversed(ids) for model in (PRO, FLASH)]
    )

    written = list(Rest.objects.order_by("pk").values_list("account_id", "model"))
    assert written == sorted(written)
    assert len(written) == 6
