"""The names that are known to be models: only these have a lineup and rows of their own.

Clients could name any number of models. Known are those that the operator's routes, a catalogue or an account names,
and those that upstream has answered for lately. All other names share lineups and rows.
"""

from collections.abc import Iterable

# The name under which all unknown models are counted and kept. It is no valid name, so no client can send it.
OTHERS = "(other)"

# More names than any operator, catalogue and accounts together need.
DECLARED = 4096
# Models that are known only because upstream has answered for them. One is replaced after an hour without an answer and
# not before: a client with thousands of names that are answered would otherwise get a row for each.
LEARNT = 256
UNUSED_FOR = 3600.0


class KnownModels:
    """The names known in one process. `in` is safe from any thread; all else is for the event loop's."""

    def __init__(self) -> None:
        self._declared: set[str] = set()
        self._learnt: dict[str, float] = {}  # when upstream last answered for it, the longest ago first

    def __repr__(self) -> str:
        return f"<KnownModels {len(self._declared)} declared, {len(self._learnt)} learnt>"

    def __contains__(self, name: str) -> bool:
        return name in self._declared or name in self._learnt

    def __len__(self) -> int:
        return len(self._declared | self._learnt.keys())

    def declare(self, names: Iterable[str]) -> None:
        """Add names from a trusted source: routes, a catalogue, an account."""
        for name in names:
            if len(self._declared) >= DECLARED:
                return
            self._declared.add(name)

    def learn(self, name: str, now: float) -> None:
        """Add a name that upstream has answered for (2xx); `now` in seconds, by any clock."""
        if name in self._declared:
            return
        if self._learnt.pop(name, None) is None and len(self._learnt) >= LEARNT:
            oldest, used = next(iter(self._learnt.items()))
            if now - used < UNUSED_FOR:
                return
            del self._learnt[oldest]
        self._learnt[name] = now
