"""Fields at any depth of a JSON body, in camelCase or snake_case, found without decoding what has none of them."""

import re
from collections.abc import Generator, Iterable, Mapping
from typing import Generic, TypeVar

from msgspec import Raw

T = TypeVar("T")

# Large values are searched piece by piece; the pieces overlap by more than a field is long.
_PIECE = 1 << 20
_OVERLAP = 64
_FEW_QUOTES = 64  # bytes to a quote, from which on a search that hops from quote to quote is faster: texts, base64

# Whatever a client puts there is its own.
FREE = frozenset(
    {"args", "arguments", "response", "result", "parameters", "parametersJsonSchema", "schema", "responseSchema"}
    | {"responseJsonSchema", "inputSchema", "metadata", "customMetadata", "userMetadata", "labels", "headers"}
    | {"text", "inlineData", "data", "customConfig"}
)

# A letter, written as an escape: no client does that in a field's name, but nobody shall hide one so.
_ESCAPED_LETTER = re.compile(rb"\\u00[4-7]")
_UNDERSCORE = re.compile("_([a-z])")


def camel(name: str) -> str:
    return _UNDERSCORE.sub(lambda found: found[1].upper(), name) if "_" in name else name


def _snake(name: str) -> str:
    return re.sub("[A-Z]", lambda found: f"_{found[0].lower()}", name)


def _any_of(words: Iterable[str]) -> str:
    """An expression for any of `words` that tries no beginning twice."""
    by_first: dict[str, list[str]] = {}
    for word in words:
        by_first.setdefault(word[:1], []).append(word[1:])
    ways = [first and first + _any_of(after) for first, after in by_first.items()]
    return ways[0] if len(ways) == 1 else f"(?:{'|'.join(ways)})"


class FieldSearch(Generic[T]):
    """Looks for fields of objects, by their spelling in camelCase: what each means is `T`."""

    def __init__(self, fields: Mapping[str, T]) -> None:
        self._fields = fields
        words = {spelling for name in fields for spelling in (name, _snake(name))}
        self._pattern = re.compile(f'"{_any_of(sorted(words))}"'.encode())

    def meaning(self, name: str) -> T | None:
        """What a field means; None for one that is not looked for."""
        return self._fields.get(camel(name))

    def finds_in(self, piece: bytes | Raw) -> bool:
        """Whether one of the fields may be in `piece`."""
        piece = bytes(piece)
        if b"\\u00" in piece and _ESCAPED_LETTER.search(piece):
            return True
        if piece.count(b'"') * _FEW_QUOTES > len(piece):
            return self._pattern.search(piece) is not None
        at = piece.find(b'"')
        while at >= 0:
            if self._pattern.match(piece, at):
                return True
            at = piece.find(b'"', at + 1)
        return False

    def searching(self, value: Raw) -> Generator[None, None, bool]:
        """`finds_in`, in turns with others where the value is large."""
        view = memoryview(value)
        if len(view) <= _PIECE:
            return self.finds_in(value)
        for start in range(0, len(view), _PIECE):
            if self.finds_in(bytes(view[start : start + _PIECE + _OVERLAP])):
                return True
            yield
        return False
