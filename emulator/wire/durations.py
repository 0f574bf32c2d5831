"""Moments and durations in the notations Google writes them in."""

from datetime import UTC, datetime


def timestamp(seconds: float) -> str:
    """RFC 3339 in UTC, to the second: `2026-01-11T02:00:00Z`."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def go_duration(seconds: float) -> str:
    """Go's spelling, as `metadata.quotaResetDelay` has it: `539.477544ms`, `2.539s`, `13h19m1.2s`."""
    if seconds < 1:
        return f"{seconds * 1000:.6f}".rstrip("0").rstrip(".") + "ms"
    minutes, seconds_left = divmod(seconds, 60)
    hours, minutes = divmod(int(minutes), 60)
    tail = f"{seconds_left:.9f}".rstrip("0").rstrip(".") + "s"
    if hours:
        return f"{hours}h{minutes}m{tail}"
    return f"{minutes}m{tail}" if minutes else tail


def proto_duration(seconds: float) -> str:
    """The proto spelling, as `RetryInfo.retryDelay` has it: `2.539s`."""
    return f"{seconds:.9f}".rstrip("0").rstrip(".") + "s"


def spoken_duration(seconds: float) -> str:
    """As Google's messages say it: `9h22m20s`."""
    return go_duration(float(max(int(seconds), 1)))
