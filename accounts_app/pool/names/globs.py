"""Patterns of model names in which `*` stands for anything, matched in time that grows with the name and no faster."""

from collections.abc import Callable, Iterable
from functools import lru_cache

Matches = Callable[[str], bool]


class Glob:
    """One pattern: what stands before the first `*`, after the last, and in this order between them."""

    __slots__ = ("_end", "_least", "_middle", "_start")

    def __init__(self, pattern: str) -> None:
        self._start, *middle, self._end = pattern.split("*")
        self._middle = [piece for piece in middle if piece]
        self._least = len(self._start) + len(self._end)

    def __repr__(self) -> str:
        return f"<Glob {'*'.join([self._start, *self._middle, self._end])}>"

    def matches(self, name: str) -> bool:
        """Whether the pattern matches all of `name`. Each piece is looked for once, behind the one before it."""
        if len(name) < self._least or not (name.startswith(self._start) and name.endswith(self._end)):
            return False
        at, end = len(self._start), len(name) - len(self._end)
        for piece in self._middle:
            found = name.find(piece, at, end)
            if found < 0:
                return False
            at = found + len(piece)
        return True


@lru_cache(maxsize=1024)  # patterns are the operators'; names are never kept
def matcher(pattern: str) -> Matches:
    """A function that says whether `pattern` matches a name; a pattern without `*` matches itself only."""
    return Glob(pattern).matches if "*" in pattern else pattern.__eq__


def any_matches(patterns: Iterable[str], name: str) -> bool:
    """Whether one of the patterns matches `name`."""
    return any(matcher(pattern)(name) for pattern in patterns)
