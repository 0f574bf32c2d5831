"""Forms of several parts (`multipart/form-data`), as OpenAI's clients send what may hold a file.

--b CRLF headers CRLF CRLF value CRLF --b … CRLF --b--
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import msgspec
from msgspec import Raw

from proxy_app.wire.bodies.bodies import Body
from proxy_app.wire.malformed import Malformed

_BOUNDARY = re.compile(r'^multipart/form-data\s*;.*\bboundary="?([^";,\s]{1,70})"?', re.IGNORECASE)
_BOUNDARIES = re.compile(r"\bboundary[\s*\d]*=", re.IGNORECASE)
_NAME = re.compile(r';\s*name="((?:[^"\\]|\\.)*)"', re.IGNORECASE)
_FILE_NAME = re.compile(r';\s*filename="((?:[^"\\]|\\.)*)"', re.IGNORECASE)
_CONTENT_TYPE = re.compile(r"^content-type:\s*(.+?)\s*$", re.IGNORECASE | re.MULTILINE)
_DISPOSITION = re.compile(r"^content-disposition:(.*)$", re.IGNORECASE | re.MULTILINE)
_END_OF_HEADERS = b"\r\n\r\n"
_MOST_PARTS = 100
LONGEST_HEAD = 64 * 1024  # of all that comes before a file

_NO_FORM = "The body is not the form of several parts that its content type announces."
_TWICE = "The form has the field {name!r} twice."

_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Part:
    """One field: its value is `body[start:end]`. `file_name` is None where it is no file."""

    name: str
    start: int
    end: int
    file_name: str | None = None
    content_type: str = ""


def boundary_of(content_type: str) -> bytes:
    """What stands between the parts; empty for a body that is no form, or whose form could be read in two ways."""
    found = _BOUNDARY.search(content_type)
    return found[1].encode() if found and len(_BOUNDARIES.findall(content_type)) == 1 else b""


def fields_of(body: bytes, boundary: bytes) -> Body:
    """The fields of a form that are texts, as JSON has them. Raises Malformed, also for a name that stands there twice:
    upstream might mean the other one.
    """
    fields: Body = {}
    names: set[str] = set()
    for part in parts_of(body, boundary):
        if part.name in names:
            raise Malformed(_TWICE.format(name=part.name))
        names.add(part.name)
        if part.file_name is None:
            fields[part.name] = Raw(_encode(body[part.start : part.end].decode(errors="replace")))
    return fields


def with_value(body: bytes, boundary: bytes, name: str, value: str) -> list[bytes]:
    """The pieces of a form in which the field `name` has another value. Raises Malformed."""
    view, pieces, at = memoryview(body), [], 0
    for part in parts_of(body, boundary):
        if part.name == name:
            pieces += [bytes(view[at : part.start]), value.encode()]
            at = part.end
    return [*pieces, bytes(view[at:])]


def parts_of(body: bytes, boundary: bytes) -> Iterator[Part]:
    """Raises Malformed."""
    delimiter = b"\r\n--" + boundary
    at = 0 if body.startswith(delimiter[2:]) else body.find(delimiter) + 2
    if at == 1:
        raise Malformed(_NO_FORM)
    for _ in range(_MOST_PARTS):
        at += len(delimiter) - 2
        if body[at : at + 2] == b"--":
            return
        head = body.find(_END_OF_HEADERS, at)
        end = body.find(delimiter, head + 2)
        if -1 in (head, end):
            raise Malformed(_NO_FORM)
        yield part_in(body[at:head], head + len(_END_OF_HEADERS), max(end, head + len(_END_OF_HEADERS)))
        at = end + 2
    raise Malformed(_NO_FORM)


def part_in(headers: bytes, start: int, end: int) -> Part:
    """The part that has these headers."""
    text = headers.decode(errors="replace")
    disposition = found[1] if (found := _DISPOSITION.search(text)) else ""
    name, file_name = _NAME.search(disposition), _FILE_NAME.search(disposition)
    kind = _CONTENT_TYPE.search(text)
    return Part(
        _unquoted(name[1]) if name else "",
        start,
        end,
        _unquoted(file_name[1]) if file_name else None,
        kind[1] if kind else "",
    )


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text).replace("%22", '"')


class FileInForm:
    """The first file in a form, as the form's pieces come: `feed` each. `part` is known once the file has begun.

    Raises Malformed for what has no file within LONGEST_HEAD bytes, or is no form.
    """

    def __init__(self, boundary: bytes) -> None:
        self.part: Part | None = None
        self.fields: dict[str, str] = {}  # those before it
        self.ended = False
        self._delimiter = b"\r\n--" + boundary
        self._held = bytearray(b"\r\n")  # so that the first delimiter reads like the others

    def __repr__(self) -> str:
        return f"<FileInForm {'ended' if self.ended else 'open'}>"

    def feed(self, piece: bytes) -> bytes:
        """The bytes of the file that are sure with this piece: what may be a delimiter is held back."""
        if self.ended:
            return b""
        self._held += piece
        while self.part is None:
            if not self._next_part():
                return b""
        end = self._held.find(self._delimiter)
        self.ended = end >= 0
        sure = end if self.ended else max(0, len(self._held) - len(self._delimiter) + 1)
        file = bytes(self._held[:sure])
        del self._held[:sure]
        return file

    def _next_part(self) -> bool:
        """Whether one more part has been read: a field, or the headers of the file."""
        held, delimiter = self._held, self._delimiter
        at = held.find(delimiter)
        begin = at + len(delimiter)
        head = held.find(_END_OF_HEADERS, begin)
        if -1 in (at, head):
            return self._waits()
        if held[begin : begin + 2] == b"--":
            raise Malformed(_NO_FORM)
        part = part_in(bytes(held[begin:head]), 0, 0)
        start = head + len(_END_OF_HEADERS)
        if part.file_name is not None:
            self.part = part
            del held[:start]
            return True
        end = held.find(delimiter, start - 2)
        if end == -1:
            return self._waits()
        self.fields[part.name] = held[start : max(start, end)].decode(errors="replace")
        del held[:end]
        return True

    def _waits(self) -> bool:
        if len(self._held) > LONGEST_HEAD:
            raise Malformed(_NO_FORM)
        return False
