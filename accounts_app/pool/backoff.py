"""Back-off: the lengths of cooldowns and probes, step by step, and the spread that keeps them from ending together."""

from collections.abc import Sequence
from math import inf

MINUTE, HOUR, DAY = 60.0, 3600.0, 24 * 3600.0

# A cooldown for which upstream named no time: 3 s, doubled each time up to a minute.
GUESSES = (3.0, 6.0, 12.0, 24.0, 48.0, 60.0)

# A refusal of a model without a known reason.
REFUSALS = (MINUTE, 10 * MINUTE, HOUR, DAY)

# A path or an egress on which something else than the API answers.
DETOURS = (MINUTE, 2 * MINUTE, 4 * MINUTE, 8 * MINUTE, 10 * MINUTE)

# Between bare connections that probe a path that is down.
PROBES = (1.0, 2.0, 5.0, 10.0, 30.0)

# Between token counts that probe whether an account that needs attention is back.
CHECKS = (MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, HOUR)

# Between two looks at a job that goes on upstream without its client.
JOBS = (MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE)

# By which part at most the times above, and the waits of a call, are lengthened.
GUESS_SPREAD, WAIT_SPREAD = 0.2, 0.25

# The Retry-After of an error is lengthened by a part at most, and by no more seconds than this.
TOLD_SPREAD, TOLD_SPREAD_LIMIT = 0.1, 30.0

_GOLDEN = 0.6180339887498949


def step(ladder: Sequence[float], number: int) -> float:
    """The length of step `number` (from 1) of a ladder; the last one from there on."""
    return ladder[min(max(number, 1), len(ladder)) - 1]


class Spread:
    """Lengthens times, each by another part: multiples of the golden ratio cover a span evenly from the first one on.

    `seed` (0..1) is where a node begins, so that two nodes do not spread alike.
    """

    __slots__ = ("_at",)

    def __init__(self, seed: float = 0.0) -> None:
        self._at = seed

    def __call__(self, length: float, part: float, limit: float = inf) -> float:
        """`length` plus up to `part` of it, `limit` at most."""
        self._at = (self._at + _GOLDEN) % 1.0
        return length + min(self._at * part * length, limit)
