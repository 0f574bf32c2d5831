"""How long an account cools down after a fault, and how it comes back: half-open (one probe), then ready.

A cooldown belongs to one account and one model, or to the account as a whole. Upstream's own time comes first; where it
named none, a ladder guesses, one step a window however many calls fail at once. After a day at most a real call asks
again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from accounts_app.pool.backoff import DAY, GUESS_SPREAD, GUESSES, REFUSALS, Spread, step
from accounts_app.pool.outcomes import GUESSES as GUESSED
from accounts_app.pool.outcomes import Fault, Outcome

# Peers report hints of 156 hours and of 18 days for quotas that were long back. Past a day one real call asks again.
LONGEST = DAY

# "Your quota will reset after 0s" is a real answer. A floor keeps a busy pool from asking one account in a tight loop.
SHORTEST = 0.25

# Calls that are in flight together fail together, within this many seconds.
WINDOW = 2.0

# A streak that nothing has added to for this long says nothing about now.
FORGOTTEN_AFTER = 3600.0

# A token that was renewed and is refused all the same: 30 to 60 s.
TOKEN_REFUSED, TOKEN_SPREAD = (30.0,), 1.0


@dataclass(frozen=True, slots=True)
class Cooldown:
    """One account's time out, seconds by the clock of whoever holds it.

    `until` ends it. `reason` is the Outcome's value. `streak` counts windows with a failure since the last success;
    failures before `window_until` belong to the step already taken. `stamp` is when it was laid or cleared.
    """

    until: float
    reason: str
    streak: int
    window_until: float
    message: str = ""
    stamp: float = 0.0

    @property
    def is_guess(self) -> bool:
        """Whether nobody but we say so: it then puts the account last, and not out."""
        return self.reason in GUESSED


class CooldownState(Enum):
    """What a cooldown means now."""

    READY = "ready"
    COOLING_DOWN = "resting"
    HALF_OPEN = "half-open"  # over, but unproven: one call at a time


def next_cooldown(fault: Fault, previous: Cooldown | None, now: float, spread: Spread) -> Cooldown:
    """The cooldown that `fault` earns an account whose cooldown so far was `previous`.

    Inside a window it never gets shorter: a late "2 s" does not undo a quota that is spent until tomorrow.
    Between upstream's word and a guess it is upstream's word that holds.
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
    """The rest of an account that is well: what a success, or an operator, leaves behind."""
    return Cooldown(until=0.0, reason="", streak=0, window_until=0.0, stamp=now)


def state(cooldown: Cooldown | None, now: float) -> CooldownState:
    """Whether an account with this cooldown may be asked."""
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
    """The steps of a guess, and by which part they are drawn out."""
    match outcome:
        case Outcome.REFUSED:
            return REFUSALS, GUESS_SPREAD
        case Outcome.UNAUTHENTICATED:
            return TOKEN_REFUSED, TOKEN_SPREAD
    return GUESSES, GUESS_SPREAD
