"""What API keys use, and whether they may use more. From memory: a call waits for nothing here before it begins.

Each process counts its own calls immediately and journals them; at every roster refresh it learns what the others have
journalled. Several nodes may therefore let a key overshoot by what they admit within the same one or two seconds, and
a process that is killed forgets what it had not yet written. Days and months survive a restart, the minute does not.
"""

from collections.abc import Callable, Collection
from datetime import UTC, datetime
from time import monotonic, time
from types import TracebackType
from typing import Self

from accounts_app import roster
from accounts_app.api_keys import usage_rows
from accounts_app.api_keys.usage_rows import KEY_USE, KeyUseRow, Learnt, ModelUse
from accounts_app.pool.access.limits import NO_TOKENS, Exceeded, Limit, LimitStatus, Meter, Tokens, day_of, month_of
from accounts_app.roster import KeyView
from accounts_app.storage import journal
from accounts_app.storage.worker import in_database, soon_in_database

__all__ = [
    "NO_TOKENS",
    "Admission",
    "Exceeded",
    "Limit",
    "LimitStatus",
    "ModelUse",
    "OverLimit",
    "Tokens",
    "by_limit",
    "by_model",
    "charge",
    "day_of",
    "enter",
    "in_flight",
    "month_of",
    "refresh",
    "reset",
]


class OverLimit(Exception):
    """The key is over a limit; `exceeded` are the limits, each with the time at which it is free again."""

    def __init__(self, exceeded: Collection[Exceeded]) -> None:
        super().__init__(", ".join(one.limit for one in exceeded))
        self.exceeded = exceeded


class Admission:
    """One call of a key, from its begin to its end. Leaving it counts what the call has used, exactly once."""

    __slots__ = ("_ended", "_key", "_meter", "_model", "_spent")

    def __init__(self, key: KeyView, model: str, meter: Meter, spent: Callable[[], Tokens]) -> None:
        self._key = key
        self._model = model
        self._meter = meter
        self._spent = spent
        self._ended = False

    def __repr__(self) -> str:
        return f"<Admission of key {self._key.id} for {self._model}: {'ended' if self._ended else 'in flight'}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._ended:
            return
        self._ended = True
        now, tokens = time(), NO_TOKENS
        try:
            tokens = self._spent()
        finally:
            self._meter.end(tokens.charged, now)
        if tokens != NO_TOKENS:
            journal.append(KEY_USE, KeyUseRow(self._key.id, self._model, now, tokens=tokens))


_meters: dict[int, Meter] = {}
_shared: tuple[int, tuple[int, ...]] = (0, ())  # the roster's version, and its keys with a limit of concurrent requests


def enter(key: KeyView, model: str, now: float, spent: Callable[[], Tokens], requests: int = 1) -> Admission:
    """Begin a call of `key`, which counts as so many requests. A context manager; `spent` gives its tokens when it is
    left.

    Raises OverLimit: the call then counts as refused and as nothing else.
    """
    meter = _meter(key.id)
    if exceeded := meter.exceeded(key.limits, now, steady := monotonic(), requests):
        journal.append(KEY_USE, KeyUseRow(key.id, model, now, refused=1))
        raise OverLimit(exceeded)
    meter.begin(now, steady, requests)
    journal.append(KEY_USE, KeyUseRow(key.id, model, now, requests=requests))
    return Admission(key, model, meter, spent)


def charge(key: int, model: str, tokens: Tokens) -> None:
    """Count what a call has used that ended before it was known. Never waits."""
    now = time()
    _meter(key).learn(now, 0, tokens.charged, now, just_now=False)
    journal.append(KEY_USE, KeyUseRow(key, model, now, tokens=tokens))


async def refresh() -> None:
    """Read what other nodes have counted, and the first time what was counted before this process began.

    Raises Django's database errors when the database is away; what is known then stays.
    """
    now = time()
    calls = {key: _meter(key).in_flight for key in _keys_sharing_slots()}
    steady = monotonic()
    learnt, elsewhere = await in_database(_exchange, calls, now)
    for news in learnt:
        meter = _meter(news.key)
        meter.learn(news.moment, news.requests, news.tokens, now, steady, just_now=news.just_now)
    for key in calls:
        _meter(key).elsewhere = elsewhere.get(key, 0)


def by_limit(key: KeyView, now: float) -> list[LimitStatus]:
    """How far each limit of `key` is used, by all nodes together as far as known."""
    return _meter(key.id).statuses(key.limits, now, monotonic())


async def by_model(key: KeyView, since: float) -> list[ModelUse]:
    """What `key` has used since the hour `since` (seconds, epoch), by model; at most a second old.

    Raises Django's database errors.
    """
    return await soon_in_database(usage_rows.by_model, key.id, datetime.fromtimestamp(since, UTC))


def in_flight() -> int:
    """Calls with a key that are in flight in this process."""
    return sum(meter.in_flight for meter in _meters.values())


def reset() -> None:
    """Forget everything. For tests."""
    global _shared
    _meters.clear()
    _shared = (0, ())
    usage_rows.reset()


def _meter(key: int) -> Meter:
    meter = _meters.get(key)
    if meter is None:
        meter = _meters[key] = Meter()
    return meter


def _keys_sharing_slots() -> tuple[int, ...]:
    global _shared
    snapshot = roster.current()
    if _shared[0] != snapshot.version:
        _forget_deleted({key.id for key in snapshot.keys.values()})
        limited = [key.id for key in snapshot.keys.values() if key.limits.max_concurrency is not None]
        _shared = (snapshot.version, tuple(limited))
    return _shared[1]


def _forget_deleted(there: Collection[int]) -> None:
    for key in [key for key, meter in _meters.items() if key not in there and not meter.in_flight]:
        del _meters[key]


def _exchange(calls: dict[int, int], now: float) -> tuple[list[Learnt], dict[int, int]]:
    return usage_rows.news(now), usage_rows.publish_presence(calls, now) if calls else {}
