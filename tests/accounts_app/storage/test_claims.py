"""Work that one node does for all: who claims it first has it, until it lets the claim run out."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now

from accounts_app.models import Duty
from accounts_app.storage.claims import RenewableClaim, claim

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


def run_out(name: str) -> None:
    Duty.objects.filter(name=name).update(until=Now() - MINUTE)


def test_a_claim_is_one_nodes_until_it_runs_out():
    assert claim("tidy", MINUTE)
    assert not claim("tidy", MINUTE)
    assert claim("other", MINUTE)

    run_out("tidy")

    assert claim("tidy", MINUTE)


def test_a_claim_is_kept_by_renewing_it():
    mine, theirs = RenewableClaim("tidy", MINUTE), RenewableClaim("tidy", MINUTE)

    assert [mine.renew(), mine.renew(), theirs.renew()] == [True, True, False]
    assert theirs.until is None


def test_a_claim_that_another_node_has_taken_is_lost():
    mine, theirs = RenewableClaim("tidy", MINUTE), RenewableClaim("tidy", timedelta(minutes=2))
    mine.renew()
    run_out("tidy")

    assert [theirs.renew(), mine.renew(), theirs.renew()] == [True, False, True]
    assert mine.until is None
