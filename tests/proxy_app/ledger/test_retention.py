"""Upkeep: the request log is bounded by age and by rows, its disk is given back, and one node does it for all."""

import asyncio
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.utils import timezone

from accounts_app.models import ApiKey, Duty
from accounts_app.storage import claims
from accounts_app.storage.worker import in_database
from gateway_project.background import upkeep
from proxy_app.ledger import captures, retention
from proxy_app.models import CapturedCall, UsageHour, UsageQuarter, UsageRecord

NOW = timezone.now()


def write(count: int, ago: timedelta) -> None:
    UsageRecord.objects.bulk_create(
        [UsageRecord(request_id="r", outcome="succeeded", at=NOW - ago, message="x" * 400) for _ in range(count)]
    )


async def kept() -> int:
    return await UsageRecord.objects.acount()


async def test_what_is_older_than_is_kept_goes_in_batches(operator_sets):
    await operator_sets(keep_days=30)
    await in_database(write, retention.BATCH + 5, timedelta(days=31))
    await in_database(write, 3, timedelta(days=29))

    pruned = await upkeep.prune(NOW)

    assert pruned == retention.BATCH + 5
    assert await kept() == 3


async def test_only_so_many_rows_are_kept(operator_sets):
    await operator_sets(keep_days=None, keep_rows=1000)
    await in_database(write, 1300, timedelta(days=400))

    await upkeep.prune(NOW)

    assert await kept() == 1000


async def test_kept_for_ever_is_kept(operator_sets):
    await operator_sets(keep_days=None, keep_rows=None)
    await in_database(write, 7, timedelta(days=4000))

    assert await upkeep.prune(NOW) == 0
    assert await kept() == 7


async def test_old_sums_go_once_they_are_folded(operator_sets):
    await operator_sets()
    hour = NOW - timedelta(days=36)
    for moment in (hour, NOW):
        await UsageHour.objects.acreate(hour=moment, model="m", outcome="no_account", calls=1)
    await UsageQuarter.objects.acreate(start=NOW - timedelta(days=401))

    await upkeep.prune(NOW)

    assert await UsageHour.objects.acount() == 1
    assert not await UsageQuarter.objects.aexists()


async def test_of_several_nodes_one_deletes(operator_sets):
    claimed = [await in_database(claims.claim, upkeep.RETENTION, upkeep.EVERY) for _ in range(3)]
    await Duty.objects.aupdate(until=Now())
    later = await in_database(claims.claim, upkeep.RETENTION, upkeep.EVERY)

    assert claimed == [True, False, False]
    assert later


async def test_a_round_folds_and_deletes(operator_sets):
    await operator_sets(keep_days=1)
    await in_database(write, 2, timedelta(days=2))
    await UsageHour.objects.acreate(hour=NOW - timedelta(days=2), model="m", outcome="no_account", calls=1)

    await upkeep.tidy()

    assert not await UsageRecord.objects.aexists()
    assert await UsageQuarter.objects.filter(dimension="model", calls=1).acount() == 1


async def test_prompts_are_deleted_in_small_steps_between_which_others_have_their_turn(operator_sets, monkeypatch):
    await operator_sets(capture_days=1)
    key = await in_database(ApiKey.objects.create, name="watched", digest="d")
    old = [CapturedCall(at=NOW - timedelta(days=2), api_key=key) for _ in range(3 * captures.BATCH)]
    await in_database(CapturedCall.objects.bulk_create, old)
    monkeypatch.setattr(upkeep, "BATCH_PAUSE", 0)
    left = []

    async def look() -> None:
        while not left or left[-1]:
            left.append(await in_database(CapturedCall.objects.count))

    await asyncio.gather(upkeep.prune(NOW), look())

    assert len(set(left)) >= 3


@pytest.mark.skipif(connection.vendor != "sqlite", reason="Postgres keeps its room")
async def test_deleted_rows_give_their_disk_back(operator_sets):
    def pages() -> int:
        with connection.cursor() as cursor:
            return cursor.execute("PRAGMA page_count").fetchone()[0]

    await in_database(retention.prepare)
    await operator_sets(keep_days=1)
    await in_database(write, 5000, timedelta(days=2))
    full = await in_database(pages)

    await upkeep.prune(NOW)

    assert await in_database(pages) < full / 2
