"""The string `[undefined]`, which some JavaScript clients leave where a value was missing: such members are left out.

Items of a list stay: their places may mean something, and upstream names the place that it refuses.
"""

from collections.abc import Generator
from typing import Final

from proxy_app.wire.bodies.large_bodies import LARGE_BYTES
from proxy_app.wire.malformed import Malformed

_UNDEFINED: Final = b'"[undefined]"'

# Brackets checked one by one before a body is searched as a whole: one with more of them is not mainly an image.
_BRACKETS = 100

# Members that may be left out; no known client comes near.
_MOST = 10_000
_A_TURN = 500

_LONGEST_KEY = 1024

_SPACE = b" \t\r\n"
_SPACE_BYTES = 1024


def mentioned(raw: bytes) -> bool:
    """`b'"[undefined]"' in raw`, from one bracket to the next: base64 has none, so 100 MB of it cost 10 ms, not 70."""
    at = raw.find(b"[")
    for _ in range(_BRACKETS):
        if at < 0:
            return False
        if raw.startswith(_UNDEFINED, at - 1):
            return True
        at = raw.find(b"[", at + 1)
    return raw.find(_UNDEFINED, at - 1) >= 0


def removing(raw: bytes) -> Generator[None, None, bytes]:
    """`raw`, which is valid JSON, without the members that are `[undefined]`, at any depth; yields where others may
    have a turn. Raises Malformed where there are too many of them.

    Only what is left out is read. A member goes with the comma after it, the last one with the comma before.
    """
    kept = _Kept(raw)
    at = found = 0
    while (at := raw.find(_UNDEFINED, at)) >= 0:
        found += 1
        if found > _MOST:
            raise Malformed(f"More than {_MOST} values are [undefined].")
        if found % _A_TURN == 0:
            yield
        end = at + len(_UNDEFINED)
        if (key := _key_of(raw, at)) >= 0:
            end = kept.leave_out(key, end)
        at = end
    if len(raw) > LARGE_BYTES:
        yield
    return kept.joined()


class _Kept:
    """The parts of `raw` that stay, so far."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._parts: list[tuple[int, int]] = []
        self._from = 0

    def leave_out(self, start: int, end: int) -> int:
        """Leave out the member from `start` to `end`; returns where reading goes on."""
        self._keep(start)
        after = _over_space(self._raw, end)
        if self._raw[after : after + 1] == b",":
            end = after + 1
        else:
            self._drop_comma()
        self._from = end
        return end

    def joined(self) -> bytes:
        self._keep(len(self._raw))
        whole = memoryview(self._raw)
        return b"".join([whole[start:end] for start, end in self._parts])

    def _keep(self, end: int) -> None:
        if end > self._from:
            self._parts.append((self._from, end))

    def _drop_comma(self) -> None:
        """Drop the comma before the last member and the white space after it: both are at the end of what is kept."""
        while self._parts:
            start, end = self._parts.pop()
            end = _back_over_space(self._raw, end, start)
            if end > start:
                self._parts.append((start, end - 1 if self._raw[end - 1 : end] == b"," else end))
                return


def _key_of(raw: bytes, at: int) -> int:
    """Where the key begins whose value begins at `at`; -1 when there is none: for an item, or a quote within a string.

    A key of more than `_LONGEST_KEY` bytes counts as none.
    """
    colon = _back_over_space(raw, at) - 1
    if raw[colon : colon + 1] != b":":
        return -1
    end = _back_over_space(raw, colon) - 1  # the key's closing quote
    first = max(0, end - _LONGEST_KEY)
    while (end := raw.rfind(b'"', first, end)) >= 0 and _is_escaped(raw, end):
        pass
    return end


def _is_escaped(raw: bytes, at: int) -> bool:
    before = raw[max(0, at - _LONGEST_KEY) : at]
    return (len(before) - len(before.rstrip(b"\\"))) % 2 == 1


def _over_space(raw: bytes, at: int) -> int:
    while piece := raw[at : at + _SPACE_BYTES]:
        if following := piece.lstrip(_SPACE):
            return at + len(piece) - len(following)
        at += len(piece)
    return at


def _back_over_space(raw: bytes, at: int, first: int = 0) -> int:
    """Where the white space begins that ends at `at`, not before `first`."""
    while piece := raw[max(first, at - _SPACE_BYTES) : at]:
        if following := piece.rstrip(_SPACE):
            return at - len(piece) + len(following)
        at -= len(piece)
    return first
