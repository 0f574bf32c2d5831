"""Bounds the request log's rows for calls without a valid key, of which anybody can make any number."""

from dataclasses import dataclass

ROWS = 10  # for each address, minute and kind of refusal
ADDRESSES = 1_000  # in a minute; all further ones count as one
WINDOW = 60.0  # seconds

_ALL_OTHERS = ""


@dataclass(slots=True)
class _Tally:
    calls: int = 0
    last_row: str = ""


class Strangers:
    """The calls of one minute without a valid key, by address. Its size is bounded."""

    def __init__(self) -> None:
        self._tallies: dict[str, dict[str, _Tally]] = {}
        self._until = 0.0

    def __repr__(self) -> str:
        return f"<Strangers {len(self._tallies)} addresses>"

    def counted_in(self, address: str, kind: str, request_id: str, now: float) -> str:
        """The id of the call whose row counts this one too; "" when this call gets a row of its own.

        `kind` is the kind of refusal; `now` is in seconds, by any one clock.
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
        """Forget everything. For tests."""
        self._tallies.clear()
        self._until = 0.0
