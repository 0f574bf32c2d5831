"""The rows behind `usage`: each key's use by the hour, and its calls in flight by node.

Runs on the database thread, and remembers which part of the sums this process has added: the remainder is that of the
other nodes.
"""

import uuid
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from operator import itemgetter

from django.db import transaction
from django.db.models import QuerySet, Sum
from django.db.models.functions import Now
from msgspec import Struct

from accounts_app.models import ApiKey, KeyPresence, KeyUse
from accounts_app.pool.access.limits import NO_TOKENS, Tokens, month_of
from accounts_app.roster import known_models
from accounts_app.storage import journal
from accounts_app.storage.shared_sums import Learnt, SharedSums, is_due, moment
from accounts_app.storage.upsert import add_up

KEY_USE = "key_use"
IDENTITY = ("api_key", "hour", "model")
HOUR = 3600
LONGEST_MODEL = 128  # what the column takes

# The calls of a node that has died are counted for this long: three times the interval at which nodes report.
PRESENCE_LASTS = timedelta(seconds=9)
PRESENCE_EVERY = timedelta(seconds=3)
USE_NOTED_EVERY = timedelta(minutes=1)

NODE = uuid.uuid4().hex

Place = tuple[int, datetime, str]  # key, hour, model


class KeyUseRow(Struct, frozen=True):
    """One call's part of a sum: that it began, that it was refused, or what it used when it ended."""

    key: int
    model: str
    at: float  # seconds, epoch
    requests: int = 0
    refused: int = 0
    tokens: Tokens = NO_TOKENS


@dataclass(frozen=True, slots=True)
class ModelUse:
    """What a key has used of one model."""

    model: str
    requests: int
    refused: int
    tokens: Tokens


class KeySums(SharedSums):
    """The sums of API keys; at first also those of this month's hours before."""

    def __init__(self) -> None:
        super().__init__(KeyUse, ("api_key_id", "hour", "model"), KeyUse.CHARGED)

    def before(self, since: datetime, now: datetime) -> Iterator[Learnt]:
        month = moment(month_of(now.timestamp())[0])
        rows = KeyUse.objects.filter(hour__gte=month, hour__lt=since).values_list("api_key_id")
        for key, requests, tokens in rows.annotate(Sum("requests"), tokens=Sum(KeyUse.CHARGED)):
            yield Learnt(key, month.timestamp(), requests, tokens, just_now=False)


_sums = KeySums()
_presence_published: dict[int, int] = {}
_presence_published_at: datetime | None = None


def reset() -> None:
    """Forget what was written and read. For tests."""
    global _sums, _presence_published_at
    _sums = KeySums()
    _presence_published.clear()
    _presence_published_at = None


def news(now: float) -> list[Learnt]:
    """What other nodes, and this one before it was started, have added to the sums since the last call."""
    return _sums.news(moment(now))


def write(rows: list[KeyUseRow]) -> None:
    """Add calls to the sums of their hours."""
    sums: dict[Place, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    there = dict(ApiKey.objects.filter(pk__in={row.key for row in rows}).values_list("pk", "last_used_at"))
    _note_use(rows, there)
    for row in rows:
        if row.key not in there:
            continue  # the key was deleted meanwhile, and its use with it
        hour = moment(row.at // HOUR * HOUR)
        place = sums[row.key, hour, known_models.named(row.model)[:LONGEST_MODEL]]
        place["requests"] += row.requests
        place["refused"] += row.refused
        place["prompt_tokens"] += row.tokens.prompt
        place["cached_tokens"] += row.tokens.cached
        place["candidates_tokens"] += row.tokens.candidates
        place["thoughts_tokens"] += row.tokens.thoughts
        place["tool_tokens"] += row.tokens.tool
    stamp = datetime.now(UTC)
    add_up(
        KeyUse,
        IDENTITY,
        [dict(zip(IDENTITY, place, strict=True), updated_at=stamp, **added) for place, added in sums.items()],
        newest=("updated_at",),
    )
    own = {place: (added["requests"], _charged(added)) for place, added in sums.items()}
    # Only after the commit: a batch that fails is written again.
    transaction.on_commit(partial(_sums.note_own, own))


def _note_use(rows: list[KeyUseRow], noted: Mapping[int, datetime | None]) -> None:
    """When each key was last used, unless that was written within the last minute."""
    newest: dict[int, float] = {}
    for row in rows:
        newest[row.key] = max(row.at, newest.get(row.key, 0.0))
    for key, before in sorted(noted.items(), key=itemgetter(0)):
        used = moment(newest[key])
        if before is None or used - before >= USE_NOTED_EVERY:
            # Not the stamping queryset: nothing has changed that the roster would have to read.
            QuerySet[ApiKey](ApiKey).filter(pk=key).update(last_used_at=used)


def publish_presence(calls: Mapping[int, int], now: float) -> dict[int, int]:
    """Publish how many calls this node has in flight, by key. Returns how many the other nodes have.

    `calls` has the keys with a limit of concurrent requests. All nodes go by the database's clock.
    """
    global _presence_published_at
    stamp = moment(now)
    due = is_due(_presence_published_at, stamp, PRESENCE_EVERY)
    changed = {key: held for key, held in calls.items() if held != _presence_published.get(key, 0) or (held and due)}
    there = set(ApiKey.objects.filter(pk__in=changed).values_list("pk", flat=True)) if changed else set()
    if changed := {key: held for key, held in changed.items() if key in there}:
        KeyPresence.objects.bulk_create(
            [KeyPresence(node=NODE, api_key_id=key, calls=held, seen_at=Now()) for key, held in changed.items()],
            update_conflicts=True,
            unique_fields=["node", "api_key"],
            update_fields=["calls", "seen_at"],
        )
        _presence_published.update(changed)
    if due:
        KeyPresence.objects.filter(seen_at__lt=Now() - 100 * PRESENCE_LASTS).delete()
        _presence_published_at = stamp
    others = KeyPresence.objects.exclude(node=NODE).filter(seen_at__gt=Now() - PRESENCE_LASTS, calls__gt=0)
    return dict(others.values_list("api_key_id").annotate(Sum("calls")))


def by_model(key: int, since: datetime) -> list[ModelUse]:
    """A key's use since an hour, one entry for each model, the most used first."""
    sums = (Sum("prompt_tokens"), Sum("cached_tokens"), Sum("candidates_tokens"), Sum("thoughts_tokens"))
    rows = KeyUse.objects.filter(api_key=key, hour__gte=since).values_list("model")
    found = rows.annotate(Sum("requests"), Sum("refused"), *sums, Sum("tool_tokens"))
    uses = [ModelUse(model, requests, refused, Tokens(*tokens)) for model, requests, refused, *tokens in found]
    return sorted(uses, key=lambda use: (-use.requests, use.model))


def _charged(added: Mapping[str, int]) -> int:
    return sum(added[f"{kind}_tokens"] for kind in ("prompt", "candidates", "thoughts", "tool"))


journal.register(KEY_USE, write, droppable=True)
