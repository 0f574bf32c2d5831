"""What keeps a gateway in order by itself: sums folded, old rows deleted, disk given back. Once for all nodes."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.utils import timezone

from accounts_app.models import GatewaySettings
from accounts_app.storage import claims
from accounts_app.storage.worker import in_database
from gateway_project.background import outdated
from proxy_app.ledger import captures, quarter_days, retention

log = logging.getLogger(__name__)

RETENTION = "retention"
# Whoever has the duty looks this often; it is longer than a round takes, and a dead node's is taken over after it.
EVERY = timedelta(minutes=10)
# Batches in one go. What is left waits for the next: 200,000 rows in ten minutes outrun the busiest gateway.
BATCHES = 200
# Between batches, for the journal and the roster, which use the same thread.
BREATH = 0.05


async def tidy() -> None:
    """Whose turn it is, on one node at a time:

    1. Folds hours into quarters of days.
    2. Deletes what is older than the operator keeps, batch by batch, and gives the disk back.

    Raises Django's database errors.
    """
    if await in_database(claims.claim, RETENTION, EVERY):
        now = timezone.now()
        await _until_done(quarter_days.fold, now)
        await prune(now)


async def prune(now: datetime) -> int:
    """Delete what is due, in batches; how many rows of usage that were."""
    kept = await in_database(GatewaySettings.load)
    pruned = await _until_done(retention.prune_some, kept.keep_days, kept.keep_rows, now)
    await _until_done(_delete_outdated, now)
    said = await _until_done(captures.prune_some, now)
    if pruned or said:
        log.info("Deleted %d rows of usage and %d prompts that are older than is kept.", pruned, said)
    await _until_done(retention.give_back)
    return pruned


def _delete_outdated(now: datetime) -> int:
    """One batch of what nobody needs any more; how many rows it had."""
    return next(filter(None, map(retention.delete_some, outdated.rows(now))), 0)


async def _until_done(work: Callable[..., int], *args: object) -> int:
    """Bit by bit, until there is nothing left, or until the next turn; what it added up to."""
    done = 0
    for _ in range(BATCHES):
        if not (some := await in_database(work, *args)):
            break
        done += some
        await asyncio.sleep(BREATH)
    return done
