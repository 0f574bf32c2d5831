"""Upkeep: folds sums, deletes old rows and gives disk space back. One node does it for all, but for its own spool."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.utils import timezone

from accounts_app.models import GatewaySettings
from accounts_app.storage import claims, spool
from accounts_app.storage.worker import in_database
from gateway_project.background import outdated
from proxy_app.ledger import captures, quarter_days, retention

log = logging.getLogger(__name__)

RETENTION = "retention"
# How often it runs. Longer than a round takes; after it another node takes over from one that died.
EVERY = timedelta(minutes=10)
# Batches a round. The rest waits for the next one: 200,000 rows in ten minutes are more than any gateway writes.
BATCHES = 200
# Seconds between batches, for the journal and the roster, which use the same thread.
BATCH_PAUSE = 0.05


async def tidy() -> None:
    """On every node, drops what its spool no longer needs. On the node that holds the claim:

    1. Folds hours into quarters of days.
    2. Deletes what is older than the operator keeps, batch by batch, and gives the disk back.

    Raises Django's database errors.
    """
    await spool.sweep()
    if await in_database(claims.claim, RETENTION, EVERY):
        now = timezone.now()
        await _until_done(quarter_days.fold, now)
        await prune(now)


async def prune(now: datetime) -> int:
    """Delete what is due, in batches. Returns how many rows of the request log that were."""
    kept = await in_database(GatewaySettings.load)
    pruned = await _until_done(retention.prune_some, kept.keep_days, kept.keep_rows, now)
    await _until_done(_delete_outdated, now)
    prompts = await _until_done(captures.prune_some, kept.capture_days, now)
    if pruned or prompts:
        log.info("Deleted %d rows of the request log and %d prompts that are past their retention.", pruned, prompts)
    await _until_done(retention.give_back)
    return pruned


def _delete_outdated(now: datetime) -> int:
    """Delete one batch of outdated rows. Returns how many it had."""
    return next(filter(None, map(retention.delete_some, outdated.rows(now))), 0)


async def _until_done(work: Callable[..., int], *args: object) -> int:
    """Repeat `work` until it does nothing, at most `BATCHES` times. Returns the sum of what it returned."""
    done = 0
    for _ in range(BATCHES):
        if not (some := await in_database(work, *args)):
            break
        done += some
        await asyncio.sleep(BATCH_PAUSE)
    return done
