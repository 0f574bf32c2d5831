"""How long a guess lasts, how it grows, and how what a clock releases is spread, so that it does not return at once."""

from collections.abc import Sequence
from math import inf

MINUTE, HOUR, DAY = 60.0, 3600.0, 24 * 3600.0

# A cooldown that no answer gave a length: 3 s, doubled each time up to a minute.
GUESSES = (3.0, 6.0, 12.0, 24.0, 48.0, 60.0)

# An account that refuses a model without a reason that is known: asked again ever less.
REFUSALS = (MINUTE, 10 * MINUTE, HOUR, DAY)

# A path or an egress that answers, but not as the API does.
DETOURS = (MINUTE, 2 * MINUTE, 4 * MINUTE, 8 * MINUTE, 10 * MINUTE)

# Bare connections that find out whether a path that is down is back.
PROBES = (1.0, 2.0, 5.0, 10.0, 30.0)

# Counts of a few tokens that find out whether an account that needed its owner is back.
CHECKS = (MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, HOUR)

# By which part the times above, and a call's own waits, are drawn out.
GUESS_SPREAD, WAIT_SPREAD = 0.2, 0.25

# What a client is told to wait grows by a part, but by no more seconds than this.
TOLD_SPREAD, TOLD_SPREAD_LIMIT = 0.1, 30.0

_GOLDEN = 0.6180339887498949


def step(ladder: Sequence[float], number: int) -> float:
    """The length of step `number` (from 1) of a ladder; the last one from there on."""
    return ladder[min(max(number, 1), len(ladder)) - 1]


class Spread:
    """Draws lengths out, each by another part: multiples of the golden ratio cover a span evenly from the first draw.

    `seed` (0..1) is where a node begins, so that two nodes do not draw alike.
    """

    __slots__ = ("_at",)

    def __init__(self, seed: float = 0.0) -> None:
        self._at = seed

    def __call__(self, length: float, part: float, limit: float = inf) -> float:
        """`length` and up to `part` of it more, at most `limit` more."""
        self._at = (self._at + _GOLDEN) % 1.0
        return length + min(self._at * part * length, limit)
