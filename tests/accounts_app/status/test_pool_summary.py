"""The pool in numbers: each account counts once."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts_app import roster
from accounts_app.models import Rest
from accounts_app.status import pool_summary
from tests.factories import make_account

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("forgetful")]


def test_each_account_counts_once():
    now = timezone.now()
    alice, bob = make_account("alice@example.com"), make_account("bob@example.com")
    make_account("carol@example.com", parked="verify")
    make_account("dave@example.com", enabled=False)
    make_account("erin@example.com", parked="by_hand")
    for account, model, hours in ((alice, "", 2), (alice, "m", 3), (bob, "m", 1)):
        Rest.objects.create(
            account=account, model=model, until=now + timedelta(hours=hours), reason="quota_exhausted", streak=1
        )
    roster.load_now()

    pool = pool_summary.now(now.timestamp())

    assert (pool.ready, pool.partly, pool.cooling_down, pool.out_of_service, pool.total) == (1, 1, 1, 2, 3)
    assert [(one.email, one.reason) for one in pool.needs_attention] == [("carol@example.com", "verify")]
    assert [(one.email, one.model) for one in pool.cooldowns] == [
        ("bob@example.com", "m"),
        ("alice@example.com", ""),
        ("alice@example.com", "m"),
    ]
    assert pool.next_recovery == pool.cooldowns[0]
    assert not pool.only_demo


def test_an_empty_pool_recovers_by_nothing():
    roster.load_now()

    pool = pool_summary.now(0.0)

    assert (pool.total, pool.next_recovery, pool.in_flight) == (0, None, 0)
