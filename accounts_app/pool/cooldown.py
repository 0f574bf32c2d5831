"""How long an account stays out after a fault, and how it comes back: ready, resting, half-open (one probe), ready.

A rest belongs to one account and one model, or to the account as a whole. Upstream's own word comes first; only when it
named no time does a ladder guess, one step per window however many calls fail at once. Nothing lasts longer than a day
without a real call asking again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from accounts_app.pool.outcomes import Fault, Outcome

# Peers report hints of 156 hours and of 18 days for quotas that were long back. Past a day one real call asks again.
LONGEST = 24 * 3600.0

# "Your quota will reset after 0s" is a real answer. A floor keeps a busy pool from asking one account in a tight loop.
SHORTEST = 0.25

# A pool of one has nobody to hand over to, so a guess that is too long is an outage of our own making.
LONGEST_GUESS_ALONE = 60.0

# Calls that were under way together fail together; the stragglers of one failure arrive within this many seconds.
WINDOW = 2.0

# A streak that nothing has added to for this long says nothing about now.
FORGOTTEN_AFTER = 3600.0

LADDERS: Mapping[Outcome, tuple[float, ...]] = {
    # Per-minute limits: a minute always suffices, and usually a part of it.
    Outcome.RATE_LIMITED: (5.0, 15.0, 30.0, 60.0),
    # Daily or five-hourly limits with no reset named: first find out whether it was one at all, then ask ever less.
    Outcome.QUOTA_EXHAUSTED: (300.0, 1800.0, 7200.0, 14400.0),
    # Capacity comes back within seconds or within minutes; other accounts mostly meet the same servers.
    Outcome.OVERLOADED: (3.0, 10.0, 30.0, 60.0),
}


@dataclass(frozen=True, slots=True)
class Rest:
    """One account's time out, seconds as float epoch.

    `until` ends it. `reason` is the Outcome's value. `streak` counts windows with a failure since the last success;
    failures before `window_until` belong to the step already taken. `stamp` is when it was laid or cleared.
    """

    until: float
    reason: str
    streak: int
    window_until: float
    message: str = ""
    stamp: float = 0.0


class RestState(Enum):
    """What a rest means now."""

    READY = "ready"
    RESTING = "resting"
    HALF_OPEN = "half-open"  # over, but unproven: one call at a time


def next_rest(fault: Fault, previous: Rest | None, now: float, *, alone: bool = False) -> Rest:
    """The rest that `fault` earns an account whose rest so far was `previous`.

    `alone` says that no other account could serve the model. Inside a window the rest never gets shorter: a straggler's
    "2 s" does not undo a quota that is gone until tomorrow.
    """
    same_window = previous is not None and previous.streak > 0 and now < previous.window_until
    streak = _streak(fault, previous, now, same_window)
    if fault.delay is not None:
        length = min(max(fault.delay, SHORTEST), LONGEST)
    elif previous is not None and same_window and now < previous.until:
        return previous
    else:
        length = _guess(fault.outcome, streak, alone)
    until = now + length
    if previous is not None and same_window and previous.until > until:
        return previous
    return Rest(
        until=until,
        reason=fault.outcome.value,
        streak=streak,
        window_until=max(until, now + WINDOW),
        message=fault.message,
        stamp=now,
    )


def cleared(now: float) -> Rest:
    """The rest of an account that is well: what a success, or an operator, leaves behind."""
    return Rest(until=0.0, reason="", streak=0, window_until=0.0, stamp=now)


def state(rest: Rest | None, now: float) -> RestState:
    """Whether an account with this rest may be asked."""
    if rest is None or rest.streak == 0:
        return RestState.READY
    if now < rest.until:
        return RestState.RESTING
    return RestState.HALF_OPEN


def _streak(fault: Fault, previous: Rest | None, now: float, same_window: bool) -> int:
    if previous is None or previous.streak == 0:
        return 1
    if same_window:
        return previous.streak
    if previous.reason != fault.outcome.value or now > previous.until + FORGOTTEN_AFTER:
        return 1
    return previous.streak + 1


def _guess(outcome: Outcome, streak: int, alone: bool) -> float:
    ladder = LADDERS.get(outcome, LADDERS[Outcome.OVERLOADED])
    length = ladder[min(streak, len(ladder)) - 1]
    return min(length, LONGEST_GUESS_ALONE) if alone else length
