"""How many rows calls may get that came without a good key: anybody can make as many of those as they like."""

from dataclasses import dataclass

ROWS = 10  # an address, minute and kind of refusal
ADDRESSES = 1_000  # a minute; all further ones share a place
WINDOW = 60.0  # seconds

_ALL_OTHERS = ""


@dataclass(slots=True)
class _Tally:
    calls: int = 0
    last_row: str = ""


class Strangers:
    """The calls of one minute, by address. Bounded, whoever calls."""

    def __init__(self) -> None:
        self._tallies: dict[str, dict[str, _Tally]] = {}
        self._until = 0.0

    def __repr__(self) -> str:
        return f"<Strangers {len(self._tallies)} addresses>"

    def counted_in(self, address: str, kind: str, request_id: str, now: float) -> str:
        """The call whose row counts this one too; "" when this call gets a row of its own.

        `kind` is one of the few ways in which it was refused; `now` is in seconds, by a clock that only tells
        differences.
        """
        if now >= self._until:
            self._tallies.clear()
            self._until = now + WINDOW
        if address not in self._tallies and len(self._tallies) >= ADDRESSES - 1:
            address = _ALL_OTHERS
        tally = self._tallies.setdefault(address, {}).setdefault(kind, _Tally())
        tally.calls += 1
        if tally.calls > ROWS:
            return tally.last_row
        tally.last_row = request_id
        return ""

    def reset(self) -> None:
        """As at start. For tests."""
        self._tallies.clear()
        self._until = 0.0
