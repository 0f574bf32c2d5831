"""How long an error asks callers to wait.

Google writes this in several places and notations. They are read from the most exact to the least: RetryInfo,
ErrorInfo's quotaResetDelay, its quotaResetTimeStamp, the message's own words. The header Retry-After is read apart.
"""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from proxy_app.wire.faults.error_bodies import ErrorBody

# Units of Go's time.Duration, which has no days: "2h37m22.776060443s", "539.477544ms". A proto duration is such, too.
_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ns": 1e-9}
_TERM = r"\d+(?:\.\d+)?(?:ms|us|µs|μs|ns|h|m|s)"  # "ms" before "m": 500ms is not 500 minutes
_DURATION = re.compile(rf"(?:{_TERM})+")
_TERMS = re.compile(r"(\d+(?:\.\d+)?)(ms|us|µs|μs|ns|h|m|s)")

# "Please retry in 56.18s.", "Your quota will reset after 10h31m.", "Resets in 9h22m20s.", "retry after 30 seconds"
_IN_WORDS = re.compile(rf"\b(?:in|after)\s+((?:{_TERM})+)(?![A-Za-z0-9])", re.IGNORECASE)
_SPELT_OUT = re.compile(r"\b(?:in|after)\s+(\d+(?:\.\d+)?)\s+(second|minute|hour)s?\b", re.IGNORECASE)
_UNITS = {"second": 1.0, "minute": 60.0, "hour": 3600.0}

# Seconds that a delay is cut to: 9223372036854775807 s has been seen, which no clock and no column holds.
LONGEST = 31 * 24 * 3600.0

_DAY = 24 * 3600.0
# Quotas of the public API are counted by days that begin at midnight Pacific, which is one of these (UTC) by the
# season. A call at the earlier one that comes an hour too early fails once more, and the next is made at the later.
_MIDNIGHTS = (7 * 3600.0, 8 * 3600.0)


def delay_in(error: ErrorBody, now: float = 0.0) -> float | None:
    """Seconds from `now` (epoch) that `error` asks to wait: 0 for a moment already past, `LONGEST` at most, or None."""
    delay = _delay_in(error, now)
    return None if delay is None else min(delay, LONGEST)


def header_delay(text: str, now: float = 0.0) -> float | None:
    """Seconds that a `Retry-After` header asks to wait, as a number or a date (RFC 9110 10.2.3); None for neither."""
    text = text.strip()
    if text.isdecimal() and text.isascii():
        return min(float(text), LONGEST)
    try:
        moment = parsedate_to_datetime(text)
        # "-0000" says that the sender's zone is unknown; HTTP knows none but GMT.
        seconds = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() - now
    except (ValueError, OverflowError):
        return None
    return min(max(0.0, seconds), LONGEST) if now else None


def until_the_day_is_over(now: float) -> float:
    """Seconds from `now` (epoch) until daily quotas may be back."""
    return min((midnight - now) % _DAY or _DAY for midnight in _MIDNIGHTS)


def _delay_in(error: ErrorBody, now: float) -> float | None:
    for retry in error.of_type("RetryInfo"):
        if (delay := _proto_duration(retry.get("retryDelay"))) is not None:
            return delay
    metadata = error.metadata
    if (delay := duration(metadata.get("quotaResetDelay", ""))) is not None:
        return delay
    if now and (moment := _timestamp(metadata.get("quotaResetTimeStamp", ""))) is not None:
        return max(0.0, moment - now)
    return _in_words(error.message)


def duration(text: str) -> float | None:
    """Seconds of a Go or proto duration, or None if `text` is neither."""
    text = text.strip().removeprefix("+")
    if text.startswith("-"):
        return None if duration(text[1:]) is None else 0.0
    if not _DURATION.fullmatch(text):
        return None
    return sum(float(number) * _SECONDS[unit] for number, unit in _TERMS.findall(text))


def _proto_duration(value: Any) -> float | None:
    if isinstance(value, str):
        return duration(value)
    if not isinstance(value, dict):
        return None
    try:
        seconds = min(int(value.get("seconds") or 0), int(LONGEST))
        return max(0.0, seconds + int(value.get("nanos") or 0) * 1e-9)
    except (TypeError, ValueError, OverflowError):
        return None


def _timestamp(text: str) -> float | None:
    try:
        moment = datetime.fromisoformat(text)
        return moment.timestamp() if moment.tzinfo else None
    except (ValueError, OverflowError):
        return None


def _in_words(message: str) -> float | None:
    if found := _IN_WORDS.search(message):
        return duration(found[1])
    if found := _SPELT_OUT.search(message):
        return float(found[1]) * _UNITS[found[2].lower()]
    return None
