"""Timeouts and attempts of a call: as set in the console, else as in the environment.

Read from the roster, so a change is in force in every process within a second. All raise RosterUnavailable before the
first snapshot.
"""

from dataclasses import dataclass

from django.conf import settings

from accounts_app import roster


def max_attempts() -> int:
    """How many accounts may work on one call."""
    chosen = roster.current().settings.max_attempts
    return settings.GATEWAY_MAX_ATTEMPTS if chosen is None else chosen


def max_wait() -> float:
    """How long a call may wait while accounts are cooling down, in seconds."""
    chosen = roster.current().settings.max_wait
    return settings.GATEWAY_MAX_WAIT if chosen is None else chosen


def first_event_timeout() -> float:
    """How long an upstream may be silent before its first event, in seconds."""
    chosen = roster.current().settings.first_event_timeout
    return settings.GATEWAY_FIRST_EVENT_TIMEOUT if chosen is None else chosen


def idle_timeout() -> float:
    """How long an upstream may be silent after that, in seconds."""
    chosen = roster.current().settings.idle_timeout
    return settings.GATEWAY_IDLE_TIMEOUT if chosen is None else chosen


@dataclass(frozen=True, slots=True)
class Limit:
    """A time limit in seconds, and the setting that it comes from: "" for the client's own."""

    seconds: float
    setting: str


def answer_limit(asked: float | None, *, plain: bool) -> Limit:
    """How long a call may take to its first event, or to its end where the answer is plain.

    `asked` is the client's own limit (X-Server-Timeout): a shorter time always counts, a longer one up to
    GATEWAY_MAX_SERVER_TIMEOUT.
    """
    if plain:
        usual = Limit(settings.GATEWAY_PLAIN_ANSWER_TIMEOUT, "GATEWAY_PLAIN_ANSWER_TIMEOUT")
    else:
        usual = Limit(first_event_timeout(), "GATEWAY_FIRST_EVENT_TIMEOUT")
    if asked is None:
        return usual
    most = settings.GATEWAY_MAX_SERVER_TIMEOUT
    if asked <= max(usual.seconds, most):
        return Limit(asked, "")
    return usual if most <= usual.seconds else Limit(most, "GATEWAY_MAX_SERVER_TIMEOUT")


def connect_timeout() -> float:
    """How long a connection to an upstream may take, in seconds."""
    return float(settings.GATEWAY_CONNECT_TIMEOUT)
