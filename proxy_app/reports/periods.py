"""What sums of attempts say: how many calls were answered, how many failed, how long the first event took."""

from collections import Counter
from collections.abc import Sequence

from accounts_app.pool.outcomes import Outcome, Refusal
from proxy_app.ledger.hours import FIRST_EVENT_BOUNDS, OVERHEAD_BOUNDS
from proxy_app.models.sums import NUMBERS

_PLACE = {name: place for place, name in enumerate(NUMBERS)}
_FIRST = [name for name in NUMBERS if name.startswith("first_event_") and name != "first_event_ms"]
_OVERHEAD = [name for name in NUMBERS if name.startswith("overhead_") and name != "overhead_us"]
# Outcomes that are nobody's failure here: the request was wrong, whoever would have been asked.
_WRONG_REQUEST = (Outcome.REJECTED.value, Outcome.UNKNOWN_FIELD.value)
# The gateway said no before any account was asked; 0.1.0 counted all of these as one.
REFUSALS = frozenset({*(refusal.value for refusal in Refusal), "turned_away"})


class Figures:
    """Sums of any number of attempts, whatever they have in common.

    Attempts follow each other, and only a call's last one says how it ended; but what ends a call by itself (answered,
    left by the client, a wrong request) is told by the attempt's outcome, so that the failed calls are those left over.
    """

    __slots__ = ("_numbers", "answered", "outcomes", "refused")

    def __init__(self) -> None:
        self._numbers = [0] * len(NUMBERS)
        self.outcomes: Counter[str] = Counter()
        self.answered = 0
        self.refused = 0

    def __repr__(self) -> str:
        return f"<Figures {self.calls} calls, {self.failed} failed, {self.attempts} attempts>"

    def add(self, outcome: str, numbers: Sequence[int]) -> None:
        """Add a sum of attempts that came to `outcome`; `numbers` in the order of NUMBERS."""
        self._numbers = [mine + more for mine, more in zip(self._numbers, numbers, strict=True)]
        if outcome in REFUSALS:
            self.refused += numbers[_PLACE["calls"]]
            self.outcomes[outcome] += numbers[_PLACE["calls"]]
            return
        self.outcomes[outcome] += numbers[_PLACE["attempts"]]
        if outcome == Outcome.SUCCEEDED:
            self.answered += numbers[_PLACE["delivered"]]

    def take(self, other: "Figures") -> None:
        """Add all that `other` has."""
        self._numbers = [mine + more for mine, more in zip(self._numbers, other._numbers, strict=True)]
        self.outcomes += other.outcomes
        self.answered += other.answered
        self.refused += other.refused

    def __getitem__(self, name: str) -> int:
        """One of NUMBERS."""
        return self._numbers[_PLACE[name]]

    @property
    def calls(self) -> int:
        return self["calls"]

    @property
    def attempts(self) -> int:
        return self["attempts"]

    @property
    def weight(self) -> int:
        """What parts are ranked by."""
        return self.attempts + self.refused

    @property
    def left(self) -> int:
        """Calls whose client went away."""
        return self.outcomes[Outcome.ABANDONED.value]

    @property
    def wrong(self) -> int:
        """Calls that upstream refused as wrong in themselves."""
        return sum(self.outcomes[outcome] for outcome in _WRONG_REQUEST)

    @property
    def failed(self) -> int:
        """Calls that got no whole answer, and not by their own doing; those that were refused are none of them."""
        return max(0, self.calls - self.answered - self.left - self.wrong - self.refused)

    @property
    def failed_attempts(self) -> int:
        """Attempts that brought nothing, and not by the call's own doing; another may have answered it."""
        return max(0, self.attempts - self.outcomes[Outcome.SUCCEEDED.value] - self.left - self.wrong)

    @property
    def tokens(self) -> int:
        """Each token once: cached ones are among the prompt's."""
        return sum(self[f"{kind}_tokens"] for kind in ("prompt", "candidates", "thoughts", "tool"))

    @property
    def overhead_ms(self) -> float | None:
        """The gateway's own time on an attempt, on average; None without any."""
        return self["overhead_us"] / 1000 / self.attempts if self.attempts else None

    def first_event(self, part: float) -> float | None:
        """Within how many ms `part` (0..1) of the answers began; None when there are none."""
        return _quantile([self[name] for name in _FIRST], FIRST_EVENT_BOUNDS, part)

    def overhead(self, part: float) -> float | None:
        """The same of the gateway's own time."""
        return _quantile([self[name] for name in _OVERHEAD], OVERHEAD_BOUNDS, part)


def _quantile(counts: Sequence[int], bounds: Sequence[int], part: float) -> float | None:
    """Read off a histogram: even within a bucket, and nothing beyond the last bound."""
    total = sum(counts)
    if not total:
        return None
    wanted, below = part * total, 0
    for count, low, high in zip(counts, (0, *bounds), bounds, strict=False):
        if count and below + count >= wanted:
            return low + (high - low) * (wanted - below) / count
        below += count
    return float(bounds[-1])
