"""Which names are models, as far as anybody knows: only those have a lineup and rows of their own.

Clients name models, and could name any number of them. Known are those that the operator's routes, a catalogue or an
account names, and those that upstream has answered for lately. All other names share what they need.
"""

from collections.abc import Iterable

# The name that all unknown models go by where something is counted or kept. No client can write it.
OTHERS = "(other)"

# More names than any operator, catalogue and account together have use for.
TOLD = 4096
# Models that only answers have made known. One gives way to another after an hour without an answer, and not before:
# whoever has thousands of names answered would otherwise have a row for each of them.
LEARNT = 256
UNUSED_FOR = 3600.0


class KnownModels:
    """The names known in one process. Asking is safe from any thread, all else belongs to the event loop's."""

    def __init__(self) -> None:
        self._told: set[str] = set()
        self._learnt: dict[str, float] = {}  # when it was answered for last, the longest ago first

    def __repr__(self) -> str:
        return f"<KnownModels {len(self._told)} told, {len(self._learnt)} learnt>"

    def __contains__(self, name: str) -> bool:
        return name in self._told or name in self._learnt

    def __len__(self) -> int:
        return len(self._told | self._learnt.keys())

    def tell(self, names: Iterable[str]) -> None:
        """These are models: somebody whom the gateway trusts says so."""
        for name in names:
            if len(self._told) >= TOLD:
                return
            self._told.add(name)

    def learn(self, name: str, now: float) -> None:
        """Upstream has answered for this one (2xx); `now` in seconds, by any clock."""
        if name in self._told:
            return
        if self._learnt.pop(name, None) is None and len(self._learnt) >= LEARNT:
            oldest, used = next(iter(self._learnt.items()))
            if now - used < UNUSED_FOR:
                return
            del self._learnt[oldest]
        self._learnt[name] = now
