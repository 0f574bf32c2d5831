"""Two nodes write the same rows at once, each in its own order, without a deadlock."""

import random
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connections, transaction

from accounts_app.api_keys import usage_rows
from accounts_app.leasing import rows as lease_rows
from accounts_app.models import Account, ApiKey
from accounts_app.pool.cooldowns.cooldown import Cooldown
from proxy_app.ledger import hours

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]

ACCOUNTS, BATCHES = 100, 6
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def accounts() -> list[int]:
    made = Account.objects.bulk_create([Account(email=f"guest{number}@example.com") for number in range(ACCOUNTS)])
    return [account.pk for account in made]


@pytest.fixture
def keys() -> list[int]:
    made = ApiKey.objects.bulk_create([ApiKey(name=f"key {number}", digest=str(number)) for number in range(50)])
    return [key.pk for key in made]


def both(write: Callable[[list[Any]], None], rows: list[Any]) -> None:
    """Two threads write the rows again and again, shuffled. Raises the error of one of them."""
    troubles: list[BaseException] = []
    together = threading.Barrier(2, timeout=30)

    def node(seed: int) -> None:
        order = random.Random(seed)
        try:
            for _ in range(BATCHES):
                mine = order.sample(rows, len(rows))
                together.wait()
                with transaction.atomic():
                    write(mine)
        finally:
            together.abort()
            connections.close_all()

    threads = [threading.Thread(target=node, args=(seed,)) for seed in (1, 2)]
    hook, threading.excepthook = threading.excepthook, lambda args: troubles.append(args.exc_value)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        threading.excepthook = hook
    assert not [trouble for trouble in troubles if not isinstance(trouble, threading.BrokenBarrierError)]


def test_cooldowns(accounts):
    cooldown = Cooldown(NOW.timestamp(), "quota_exhausted", 1, NOW.timestamp(), "", NOW.timestamp())
    both(lease_rows.write_cooldowns, [lease_rows.CooldownRow(account, "m", cooldown) for account in accounts])


def test_last_uses(accounts):
    both(lease_rows.write_last_uses, [lease_rows.LastUseRow(account, NOW.timestamp()) for account in accounts])


def test_key_use(keys):
    rows = [usage_rows.KeyUseRow(key, f"model-{number}", NOW.timestamp(), requests=1)
            for key in keys for number in range(4)]  # fmt: skip
    both(usage_rows.write, rows)


def test_hourly_sums(accounts, keys):
    blank = dict.fromkeys(hours.COLUMNS, 0)
    rows = [
        {**blank, "at": NOW - timedelta(hours=account % 3), "attempt": 1, "first_event_ms": None,
         "account_id": account, "api_key_id": keys[account % 50], "model": "m", "outcome": "succeeded"}
        for account in accounts
    ]  # fmt: skip
    both(hours.add, rows)
