"""How long an account cools down after a fault, and how it comes back: half-open (one probe), then ready.

A cooldown belongs to one account and one model, or to the account as a whole. Its length is the time that upstream
named, but a day at most. Where it named none, the length is a step of a ladder, and calls that fail together take one
step only.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from accounts_app.pool.backoff import DAY, GUESS_SPREAD, GUESSES, REFUSALS, Spread, step
from accounts_app.pool.outcomes import GUESSES as GUESSED
from accounts_app.pool.outcomes import Fault, Outcome

# Upstream has named 156 hours and 18 days for quotas that were back long before. After a day a call probes.
LONGEST = DAY

# Upstream does say "Your quota will reset after 0s". This keeps a busy pool from asking one account in a tight loop.
SHORTEST = 0.25

# Failures within this many seconds count as one: the calls were in flight together.
WINDOW = 2.0

# A streak ends when no failure has come for so long after its last cooldown.
FORGOTTEN_AFTER = 3600.0

# When a renewed token is refused, too: 30 to 60 s.
TOKEN_REFUSED, TOKEN_SPREAD = (30.0,), 1.0


# What a quota's end is told by. Google counts quotas of the public API by project: all its accounts are out.
OF_THE_PROJECT = frozenset({Outcome.RATE_LIMITED.value, Outcome.QUOTA_EXHAUSTED.value})


@dataclass(frozen=True, slots=True)
class Cooldown:
    """A cooldown; times are seconds, by any one clock.

    `until` is its end, `reason` the Outcome's value. `streak` counts windows with a failure since the last success;
    failures before `window_until` belong to the step already taken. `stamp` is when it began or was cleared.
    """

    until: float
    reason: str
    streak: int
    window_until: float
    message: str = ""
    stamp: float = 0.0

    @property
    def is_guess(self) -> bool:
        """Whether it is our guess, and not upstream's word: the account is then asked last, not left out."""
        return self.reason in GUESSED


class CooldownState(Enum):
    """The state of an account by its cooldown."""

    READY = "ready"
    COOLING_DOWN = "resting"
    HALF_OPEN = "half-open"  # over, but unproven: one call at a time


def next_cooldown(fault: Fault, previous: Cooldown | None, now: float, spread: Spread) -> Cooldown:
    """The cooldown after `fault`, for an account whose cooldown so far was `previous`.

    Inside a window it never gets shorter: a late "2 s" does not undo a quota that is spent until tomorrow.
    Upstream's word replaces a guess, and a guess never replaces upstream's word.
    """
    if previous is not None and previous.is_guess != (fault.outcome in GUESSED):
        if not previous.is_guess and now < previous.until:
            return previous
        previous = None
    same_window = previous is not None and previous.streak > 0 and now < previous.window_until
    streak = _streak(fault, previous, now, same_window)
    if fault.delay is not None:
        length = min(max(fault.delay, SHORTEST), LONGEST)
    elif previous is not None and same_window and now < previous.until:
        return previous
    else:
        ladder, part = _ladder(fault.outcome)
        length = spread(step(ladder, streak), part)
    until = now + length
    if previous is not None and same_window and previous.until > until:
        return previous
    return Cooldown(
        until=until,
        reason=fault.outcome.value,
        streak=streak,
        window_until=max(until, now + WINDOW),
        message=fault.message,
        stamp=now,
    )


def cleared(now: float) -> Cooldown:
    """A cooldown that is over, after a success or by an operator."""
    return Cooldown(until=0.0, reason="", streak=0, window_until=0.0, stamp=now)


def state(cooldown: Cooldown | None, now: float) -> CooldownState:
    """The state of an account with this cooldown."""
    if cooldown is None or cooldown.streak == 0:
        return CooldownState.READY
    if now < cooldown.until:
        return CooldownState.COOLING_DOWN
    return CooldownState.HALF_OPEN


def _streak(fault: Fault, previous: Cooldown | None, now: float, same_window: bool) -> int:
    if previous is None or previous.streak == 0:
        return 1
    if same_window:
        return previous.streak
    if previous.reason != fault.outcome.value or now > previous.until + FORGOTTEN_AFTER:
        return 1
    return previous.streak + 1


def _ladder(outcome: Outcome) -> tuple[Sequence[float], float]:
    """The ladder for an outcome, and by which part its steps are lengthened."""
    match outcome:
        case Outcome.REFUSED:
            return REFUSALS, GUESS_SPREAD
        case Outcome.UNAUTHENTICATED:
            return TOKEN_REFUSED, TOKEN_SPREAD
    return GUESSES, GUESS_SPREAD
