"""What a client asks of an answer's shape by Google's system parameters: `fields` (a mask) and `prettyPrint`.

Both are applied to upstream's answer and not sent upstream: v1internal has neither, and the gateway itself reads finish
reasons and usage, which a mask may leave out. What a mask selects keeps its bytes.

    fields=candidates(content/parts/text,finishReason),usageMetadata.totalTokenCount
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
from msgspec import Raw

from proxy_app.wire.malformed import Malformed

Mask = dict[str, "Mask"]  # by names in camelCase, `*` for any; a mask with the name "" selects the whole value

FIELD_MASK_HEADER = "HTTP_X_GOOG_FIELDMASK"

_LONGEST_MASK = 8192
_DEEPEST = 32  # levels; the API has some ten

_TOKEN = re.compile(r"\s*([A-Za-z_$][\w$-]*|\*|[,/.()])\s*", re.ASCII)
_MARKS = ",/.()"
_SNAKE = re.compile(r"_+([a-zA-Z0-9])")

_decode_fields = msgspec.json.Decoder(dict[str, Raw]).decode
_decode_items = msgspec.json.Decoder(list[Raw]).decode
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Shape:
    """`mask` selects fields, None all of them; `pretty` is None where upstream's layout will do."""

    mask: Mask | None
    pretty: bool | None = None

    def applied(self, answer: bytes, *, one_line: bool = False) -> bytes:
        """One JSON object as the client wants it. With `one_line` (an event) it stays on one line."""
        try:
            if self.mask is not None:
                answer = _masked(answer.strip(), self.mask)
            if self.pretty is not None:
                answer = msgspec.json.format(answer, indent=2 if self.pretty and not one_line else -1)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return answer
        return answer


def asked_shape(query: Mapping[str, str], field_mask: str = "") -> Shape | None:
    """The shape that a query or the header X-Goog-FieldMask requests; None for none. Raises Malformed."""
    if not query and not field_mask:
        return None  # nearly always
    fields = query.get("fields") or query.get("$fields") or field_mask
    pretty = asked_layout(query)
    return Shape(_parsed(fields) if fields else None, pretty) if fields or pretty is not None else None


def asked_layout(query: Mapping[str, str]) -> bool | None:
    """What `prettyPrint` says: several lines or one; None for nothing."""
    asked = (query.get("prettyPrint") or query.get("$prettyPrint") or "").lower()
    return {"true": True, "1": True, "false": False, "0": False}.get(asked)


def _parsed(text: str) -> Mask:
    """A mask in any of Google's forms: `a,b`, `a/b` or `a.b`, `a(b,c)`, `*`. Raises Malformed."""
    if len(text) > _LONGEST_MASK:
        raise Malformed(f"The field mask is longer than {_LONGEST_MASK} characters.")
    tokens = _tokens(text)
    mask: Mask = {}
    _read(tokens, mask, 1, text)
    if tokens:
        raise _wrong(text)
    return mask


def _tokens(text: str) -> list[str]:
    """The names and marks of a mask, the last one first."""
    tokens = []
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise _wrong(text)
        tokens.append(found[1])
        at = found.end()
    return tokens[::-1]


def _read(tokens: list[str], mask: Mask, depth: int, text: str) -> None:
    """Move a list of selections from `tokens` into `mask`."""
    while True:
        selected = mask
        while True:
            if not tokens or tokens[-1] in _MARKS:
                raise _wrong(text)
            selected = selected.setdefault(_camel(tokens.pop()), {})
            if not tokens or tokens[-1] not in ("/", "."):
                break
            tokens.pop()
        if tokens and tokens[-1] == "(" and depth < _DEEPEST:
            tokens.pop()
            _read(tokens, selected, depth + 1, text)
            if not tokens or tokens.pop() != ")":
                raise _wrong(text)
        else:
            selected[""] = {}
        if not tokens or tokens[-1] != ",":
            return
        tokens.pop()


def _wrong(text: str) -> Malformed:
    return Malformed(f"Invalid field selection {text[:256]}")


def _camel(name: str) -> str:
    return _SNAKE.sub(lambda found: found[1].upper(), name)


def _masked(value: bytes, mask: Mask) -> bytes:
    match value[:1]:
        case b"{":
            anything = mask.get("*")
            kept: dict[str, Raw] = {}
            for name, member in _decode_fields(value).items():
                selected = mask.get(_camel(name), anything)
                if selected is not None:
                    kept[name] = member if "" in selected else Raw(_masked(bytes(member), selected))
            return _encode(kept)
        case b"[":
            return _encode([Raw(_masked(bytes(item), mask)) for item in _decode_items(value)])
        case _:
            return value
