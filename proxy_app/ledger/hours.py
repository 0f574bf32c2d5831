"""Usage by the hour: sums over the request log, added to in the same transaction, so that the two always agree."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from accounts_app.roster import known_models
from accounts_app.storage.upsert import add_up
from proxy_app.models import UsageHour, UsageRecord
from proxy_app.models.sums import NUMBERS

IDENTITY = ("hour", "api_key_id", "account_id", "model", "outcome")
LONGEST_MODEL = 128  # what the column takes
# Upper bounds of the buckets, in milliseconds; what is above the last one is in `…_more`.
FIRST_EVENT_BOUNDS = (100, 250, 500, 1000, 2500, 5000, 10_000, 30_000)
OVERHEAD_BOUNDS = (1, 2, 5, 10, 25, 50, 100)

TOKENS = (
    "prompt_tokens", "cached_tokens", "candidates_tokens", "thoughts_tokens", "tool_tokens", "total_tokens",
)  # fmt: skip
_ADDED = (*TOKENS, "wait_ms", "duration_ms", "overhead_us")
COLUMNS = (
    "at", "attempt", "repeated", "delivered", "api_key_id", "account_id", "model", "outcome", "first_event_ms", *_ADDED,
)  # fmt: skip


def add(rows: Iterable[Mapping[str, Any]]) -> None:
    """Add rows of the request log, as columns of `UsageRecord`, to the sums of the hours in which they ended."""
    sums: dict[tuple[Any, ...], dict[str, int]] = defaultdict(lambda: dict.fromkeys(NUMBERS, 0))
    for row in rows:
        ended = row["at"] + timedelta(milliseconds=row["duration_ms"])
        key, account = row["api_key_id"] or 0, row["account_id"] or 0
        into = sums[_hour(ended), key, account, _model(row["model"]), row["outcome"]]
        count(into, row)
    _store(sums)


def count(into: dict[str, int], row: Mapping[str, Any]) -> None:
    """Add a row with at least COLUMNS: one attempt, or calls that were refused without any (attempt 0)."""
    if not row["attempt"]:
        into["calls"] += 1 + row["repeated"]
        return
    into["attempts"] += 1
    into["calls"] += row["attempt"] == 1
    into["delivered"] += row["delivered"]
    for name in _ADDED:
        into[name] += row[name]
    into[_bucket("overhead", OVERHEAD_BOUNDS, row["overhead_us"] / 1000)] += 1
    if (first := row["first_event_ms"]) is not None:
        into["first_event_ms"] += first
        into[_bucket("first_event", FIRST_EVENT_BOUNDS, first)] += 1


def add_repeated(row: UsageRecord, number: int) -> None:
    """Add `number` further calls like that of `row`, which was refused without an attempt."""
    ended = row.at + timedelta(milliseconds=row.duration_ms)
    _store(
        {
            (_hour(ended), row.api_key_id or 0, 0, _model(row.model), row.outcome): dict.fromkeys(NUMBERS, 0)
            | {"calls": number}
        }
    )


def add_use(row: Mapping[str, Any]) -> None:
    """Add numbers of tokens that a call has used which was counted before."""
    place = (_hour(row["at"]), row["api_key_id"] or 0, row["account_id"] or 0, _model(row["model"]), row["outcome"])
    _store({place: dict.fromkeys(NUMBERS, 0) | {name: row[name] for name in TOKENS}})


def _store(sums: Mapping[tuple[Any, ...], Mapping[str, int]]) -> None:
    rows = [{**dict(zip(IDENTITY, place, strict=True)), **added} for place, added in sums.items()]
    add_up(UsageHour, IDENTITY, rows)


def _model(asked: str) -> str:
    """The model's name in sums, the same for all unknown models: clients could invent any number of them."""
    return known_models.named(asked)[:LONGEST_MODEL]


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def _bucket(name: str, bounds: tuple[int, ...], milliseconds: float) -> str:
    place = bisect_left(bounds, milliseconds)
    return f"{name}_more" if place == len(bounds) else f"{name}_le_{bounds[place]}"
