"""The file in an upload of two parts (`multipart/related`): the first is about it, the second has its bytes.

--b CRLF headers CRLF CRLF {"file": …} CRLF --b CRLF headers CRLF CRLF bytes CRLF --b--
"""

import re

_BOUNDARY = re.compile(r'boundary="?([^";,\s]{1,70})"?', re.IGNORECASE)
_END_OF_HEADERS = b"\r\n\r\n"
_LONGEST_HEAD = 64 * 1024  # of all that comes before the file


def first_part(content_type: str, begun: bytes) -> bytes | None:
    """What the first part says, in a body of which the first bytes are `begun`; None while its end has not come.

    Of what is no such body it is empty.
    """
    delimiter, text = _delimiter(content_type), b"\r\n" + begun
    start = text.find(delimiter)
    head = text.find(_END_OF_HEADERS, start + len(delimiter))
    end = text.find(delimiter, head + len(_END_OF_HEADERS))
    if delimiter and min(start, head, end) >= 0:
        return text[head + len(_END_OF_HEADERS) : end]
    return None if delimiter and len(text) <= _LONGEST_HEAD else b""


def _delimiter(content_type: str) -> bytes:
    """What stands between two parts; empty where the type names no boundary."""
    found = _BOUNDARY.search(content_type)
    return f"\r\n--{found[1]}".encode() if found else b""


class MediaPart:
    """The second part, as a body's pieces come. Of what is no such body there is nothing."""

    def __init__(self, content_type: str) -> None:
        self._delimiter = _delimiter(content_type)
        self._begun = False
        self._ended = not self._delimiter
        self._held = bytearray(b"\r\n")  # so that the first delimiter reads like the others

    def feed(self, piece: bytes) -> bytes:
        """The bytes of the file that are sure with this piece: what may be a delimiter is held back."""
        if self._ended:
            return b""
        self._held += piece
        if not self._begun and not self._begins():
            return b""
        end = self._held.find(self._delimiter)
        self._ended = end >= 0
        sure = end if self._ended else max(0, len(self._held) - len(self._delimiter) + 1)
        media = bytes(self._held[:sure])
        del self._held[:sure]
        return media

    def _begins(self) -> bool:
        """Whether the file has begun; then what comes before it is gone."""
        at = 0
        for mark in (self._delimiter, self._delimiter, _END_OF_HEADERS):
            found = self._held.find(mark, at)
            if found < 0:
                self._ended = len(self._held) > _LONGEST_HEAD
                return False
            at = found + len(mark)
        del self._held[:at]
        self._begun = True
        return True
