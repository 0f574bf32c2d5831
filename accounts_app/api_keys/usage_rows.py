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

from accounts_app.models import ApiKey, KeyPresence, KeyUse
from accounts_app.pool.access.limits import NO_TOKENS, Tokens, month_of
from accounts_app.roster import known_models
from accounts_app.storage import journal
from accounts_app.storage.upsert import add_up

KEY_USE = "key_use"
IDENTITY = ("api_key", "hour", "model")
HOUR = 3600
LONGEST_MODEL = 128  # what the column takes

# Sums of older hours are not read again: limits by the day need a day, and months add up what was read first.
LIVELY = timedelta(hours=25)
OVERLAP = timedelta(seconds=5)  # longer than our transactions, and than clocks kept by NTP differ
SWEEP_EVERY = timedelta(minutes=1)  # for nodes whose clock is further behind
SWEPT = timedelta(hours=2)
# The calls of a node that has died are counted for this long: three times the interval at which nodes report.
PRESENCE_LASTS = timedelta(seconds=9)
PRESENCE_EVERY = timedelta(seconds=3)
USE_NOTED_EVERY = timedelta(minutes=1)

NODE = uuid.uuid4().hex

Place = tuple[int, datetime, str]  # key, hour, model


@dataclass(frozen=True, slots=True)
class KeyUseRow:
    """One call's part of a sum: that it began, that it was refused, or what it used when it ended."""

    key: int
    model: str
    at: float  # seconds, epoch
    requests: int = 0
    refused: int = 0
    tokens: Tokens = NO_TOKENS


@dataclass(frozen=True, slots=True)
class Learnt:
    """What other nodes have used of a key at `moment` (seconds, epoch), beyond what was read before."""

    key: int
    moment: float
    requests: int
    tokens: int
    just_now: bool = True


@dataclass(frozen=True, slots=True)
class ModelUse:
    """What a key has used of one model."""

    model: str
    requests: int
    refused: int
    tokens: Tokens


class SharedSums:
    """What this process has added to the sums, and what it has read of the others' part."""

    def __init__(self) -> None:
        self._own: dict[Place, tuple[int, int]] = {}
        self._others: dict[Place, tuple[int, int]] = {}
        self._mark: datetime | None = None
        self._swept_at: datetime | None = None

    def note_own(self, sums: Mapping[Place, tuple[int, int]]) -> None:
        """Count these as written by this process."""
        for place, (requests, tokens) in sums.items():
            before = self._own.get(place, (0, 0))
            self._own[place] = (before[0] + requests, before[1] + tokens)

    def news(self, now: datetime) -> list[Learnt]:
        """What others have added since the last call; at the first, all there is of this month."""
        since = now - LIVELY
        if self._mark is None:
            before, rows = list(_before(since, now)), KeyUse.objects.filter(hour__gte=since)
        else:
            before, rows = [], KeyUse.objects.filter(hour__gte=since, updated_at__gte=self._mark - OVERLAP)
        if _is_due(self._swept_at, now, SWEEP_EVERY):
            self._swept_at = now
            rows = rows | KeyUse.objects.filter(hour__gte=max(since, now - SWEPT))
            self._forget(since)
        first, mark = self._mark is None, self._mark or now - LIVELY
        learnt = []
        for key, hour, model, requests, tokens, updated_at in rows.values_list(
            "api_key_id", "hour", "model", "requests", KeyUse.CHARGED, "updated_at"
        ):
            mark = max(mark, updated_at)
            if more := self._beyond((key, hour, model), requests, tokens):
                learnt.append(Learnt(key, hour.timestamp(), *more, just_now=not first))
        self._mark = mark
        return before + learnt

    def _beyond(self, place: Place, requests: int, tokens: int) -> tuple[int, int] | None:
        own, known = self._own.get(place, (0, 0)), self._others.get(place, (0, 0))
        others = (requests - own[0], tokens - own[1])
        if others == known:
            return None
        self._others[place] = others
        return others[0] - known[0], others[1] - known[1]

    def _forget(self, since: datetime) -> None:
        for known in (self._own, self._others):
            for place in [place for place in known if place[1] < since]:
                del known[place]


_sums = SharedSums()
_presence_published: dict[int, int] = {}
_presence_published_at: datetime | None = None


def reset() -> None:
    """Forget what was written and read. For tests."""
    global _sums, _presence_published_at
    _sums = SharedSums()
    _presence_published.clear()
    _presence_published_at = None


def news(now: float) -> list[Learnt]:
    """What other nodes, and this one before it was started, have added to the sums since the last call."""
    return _sums.news(_moment(now))


def write(rows: list[KeyUseRow]) -> None:
    """Add calls to the sums of their hours."""
    sums: dict[Place, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    there = dict(ApiKey.objects.filter(pk__in={row.key for row in rows}).values_list("pk", "last_used_at"))
    _note_use(rows, there)
    for row in rows:
        if row.key not in there:
            continue  # the key was deleted meanwhile, and its use with it
        hour = _moment(row.at // HOUR * HOUR)
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
        used = _moment(newest[key])
        if before is None or used - before >= USE_NOTED_EVERY:
            # Not the stamping queryset: nothing has changed that the roster would have to read.
            QuerySet[ApiKey](ApiKey).filter(pk=key).update(last_used_at=used)


def publish_presence(calls: Mapping[int, int], now: float) -> dict[int, int]:
    """Publish how many calls this node has in flight, by key. Returns how many the other nodes have.

    `calls` has the keys with a limit of concurrent requests. All nodes go by the database's clock.
    """
    global _presence_published_at
    moment = _moment(now)
    due = _is_due(_presence_published_at, moment, PRESENCE_EVERY)
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
        _presence_published_at = moment
    others = KeyPresence.objects.exclude(node=NODE).filter(seen_at__gt=Now() - PRESENCE_LASTS, calls__gt=0)
    return dict(others.values_list("api_key_id").annotate(Sum("calls")))


def by_model(key: int, since: datetime) -> list[ModelUse]:
    """A key's use since an hour, one entry for each model, the most used first."""
    sums = (Sum("prompt_tokens"), Sum("cached_tokens"), Sum("candidates_tokens"), Sum("thoughts_tokens"))
    rows = KeyUse.objects.filter(api_key=key, hour__gte=since).values_list("model")
    found = rows.annotate(Sum("requests"), Sum("refused"), *sums, Sum("tool_tokens"))
    uses = [ModelUse(model, requests, refused, Tokens(*tokens)) for model, requests, refused, *tokens in found]
    return sorted(uses, key=lambda use: (-use.requests, use.model))


def _before(since: datetime, now: datetime) -> Iterator[Learnt]:
    """This month's use in the hours before `since`."""
    month = _moment(month_of(now.timestamp())[0])
    rows = KeyUse.objects.filter(hour__gte=month, hour__lt=since).values_list("api_key_id")
    for key, requests, tokens in rows.annotate(Sum("requests"), tokens=Sum(KeyUse.CHARGED)):
        yield Learnt(key, month.timestamp(), requests, tokens, just_now=False)


def _charged(added: Mapping[str, int]) -> int:
    return sum(added[f"{kind}_tokens"] for kind in ("prompt", "candidates", "thoughts", "tool"))


def _is_due(last: datetime | None, now: datetime, every: timedelta) -> bool:
    """Whether `every` has passed since `last`, or `last` is in the future because the clock was set back."""
    return last is None or not timedelta() <= now - last < every


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


journal.register(KEY_USE, write, droppable=True)
