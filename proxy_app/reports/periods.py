"""Figures from sums of attempts: calls answered and failed, tokens, time to first token, gateway overhead."""

from collections import Counter
from collections.abc import Sequence

from accounts_app.pool.outcomes import Outcome, Refusal
from proxy_app.ledger.hours import FIRST_EVENT_BOUNDS, OVERHEAD_BOUNDS
from proxy_app.models.sums import NUMBERS

_PLACE = {name: place for place, name in enumerate(NUMBERS)}
_FIRST = [name for name in NUMBERS if name.startswith("first_event_") and name != "first_event_ms"]
_OVERHEAD = [name for name in NUMBERS if name.startswith("overhead_") and name != "overhead_us"]
# Outcomes of invalid requests, which no account would have answered.
_INVALID_REQUEST = (Outcome.REJECTED.value, Outcome.UNKNOWN_FIELD.value)
# The gateway refused before any account was asked; 0.1.0 counted all refusals as `turned_away`.
REFUSALS = frozenset({*(refusal.value for refusal in Refusal), "turned_away"})


class Figures:
    """Sums of any number of attempts, whatever they have in common.

    Only a call's last attempt says how it ended, and sums do not know which one that is. But an attempt that was
    answered, left by its client or refused as invalid ends its call, so failed calls are all calls without those.
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
        """The number that parts are ranked by."""
        return self.attempts + self.refused

    @property
    def disconnected(self) -> int:
        """Calls whose client disconnected."""
        return self.outcomes[Outcome.ABANDONED.value]

    @property
    def invalid(self) -> int:
        """Calls that upstream refused as invalid."""
        return sum(self.outcomes[outcome] for outcome in _INVALID_REQUEST)

    @property
    def failed(self) -> int:
        """Calls without a complete response, other than invalid, refused and disconnected ones."""
        return max(0, self.calls - self.answered - self.disconnected - self.invalid - self.refused)

    @property
    def failed_attempts(self) -> int:
        """Attempts without a response, other than invalid and disconnected ones; another may have answered the call."""
        return max(0, self.attempts - self.outcomes[Outcome.SUCCEEDED.value] - self.disconnected - self.invalid)

    @property
    def tokens(self) -> int:
        """All tokens; cached ones are part of the prompt's."""
        return sum(self[f"{kind}_tokens"] for kind in ("prompt", "candidates", "thoughts", "tool"))

    @property
    def overhead_ms(self) -> float | None:
        """The gateway overhead of an attempt in ms, on average; None without attempts."""
        return self["overhead_us"] / 1000 / self.attempts if self.attempts else None

    def first_event(self, part: float) -> float | None:
        """A percentile of the time to first token, in ms: `part` is 0.5 for p50. None without responses."""
        return _quantile([self[name] for name in _FIRST], FIRST_EVENT_BOUNDS, part)

    def overhead(self, part: float) -> float | None:
        """The same of the gateway overhead."""
        return _quantile([self[name] for name in _OVERHEAD], OVERHEAD_BOUNDS, part)


def _quantile(counts: Sequence[int], bounds: Sequence[int], part: float) -> float | None:
    """Interpolated within a bucket of a histogram; the last bound at most."""
    total = sum(counts)
    if not total:
        return None
    wanted, below = part * total, 0
    for count, low, high in zip(counts, (0, *bounds), bounds, strict=False):
        if count and below + count >= wanted:
            return low + (high - low) * (wanted - below) / count
        below += count
    return float(bounds[-1])
