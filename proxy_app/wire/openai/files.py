"""Google's files as OpenAI's clients know them, and the uploads of theirs as Google takes them.

Google keeps neither what a file is for nor its name but as a display name: what it is for is read from its type.
"""

import mimetypes
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from proxy_app.wire.malformed import NotAnAnswer
from proxy_app.wire.openai.forms import Part

# OpenAI's own default and maximum.
MOST_LISTED = 10_000
BATCH, _OUTPUT, _ANY = "batch", "batch_output", "user_data"
_LINES = "application/jsonl"
_UNKNOWN = ("", "application/octet-stream")
_OF_BATCHES = "files/batch-"
_STATES = {"ACTIVE": "processed", "PROCESSING": "uploaded", "FAILED": "error"}

_decode = msgspec.json.Decoder(dict[str, Any]).decode
_encode = msgspec.json.Encoder().encode
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def related_head(part: Part, fields: Mapping[str, str], boundary: bytes) -> bytes:
    """What comes before a file in Google's upload of two parts. `boundary` is the form's own: no file can hold it."""
    name, kind = part.file_name or "", mime_type(part, fields)
    file = _encode({"file": {"displayName": name[:512], "mimeType": kind}})
    before = b"--%b\r\nContent-Type: application/json\r\n\r\n%b\r\n--%b\r\nContent-Type: %b\r\n\r\n"
    return before % (boundary, file, boundary, kind.encode())


def related_end(boundary: bytes) -> bytes:
    return b"\r\n--%b--\r\n" % boundary


def mime_type(part: Part, fields: Mapping[str, str]) -> str:
    """The type of an uploaded file: OpenAI's clients leave that of a batch's requests to its name."""
    name, given = part.file_name or "", part.content_type.partition(";")[0].strip().lower()
    if name.lower().endswith(".jsonl") or (fields.get("purpose") == BATCH and given in (*_UNKNOWN, "text/plain")):
        return _LINES
    known = given not in _UNKNOWN and given.isascii() and given.isprintable()
    return given if known else mimetypes.guess_type(name)[0] or "application/octet-stream"


def told(answer: bytes, purpose: str = "") -> bytes:
    """A file object of an answer that is a file of Google's. Raises NotAnAnswer."""
    fields = _object(answer)
    inner = fields.get("file")
    return _encode(_told(inner if isinstance(inner, dict) else fields, purpose))


def listed(files: Sequence[Mapping[str, Any]], after: str, limit: int, purpose: str = "") -> bytes:
    """A page of a list: what follows the file `after`, at most `limit` of them."""
    shown = [each for each in map(_told, files) if purpose in ("", each["purpose"])]
    ids = [each["id"] for each in shown]
    start = ids.index(after) + 1 if after in ids else 0
    page = shown[start : start + limit]
    answer: dict[str, Any] = {"object": "list", "data": page, "has_more": start + limit < len(shown)}
    if page:
        answer |= {"first_id": page[0]["id"], "last_id": page[-1]["id"]}
    return _encode(answer)


def page_in(answer: bytes) -> tuple[list[dict[str, Any]], str]:
    """The files in one page of Google's list, and the token of the next. Raises NotAnAnswer."""
    fields = _object(answer)
    found = fields.get("files")
    files = [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
    token = fields.get("nextPageToken")
    return files, token if isinstance(token, str) else ""


def deleted(id_: str) -> bytes:
    return _encode({"id": id_, "object": "file", "deleted": True})


def _told(file: Mapping[str, Any], purpose: str = "") -> dict[str, Any]:
    name = str(file.get("name", ""))
    made = {
        "id": name,
        "object": "file",
        "bytes": _number(file.get("sizeBytes")),
        "created_at": _moment(file.get("createTime")) or 0,
        "filename": str(file.get("displayName") or name.removeprefix("files/")),
        "purpose": purpose or _purpose(name, str(file.get("mimeType", ""))),
        "status": _STATES.get(str(file.get("state", "")), "processed"),
    }
    expires = _moment(file.get("expirationTime"))
    return {**made, "expires_at": expires} if expires is not None else made


def _purpose(name: str, mime_type: str) -> str:
    if name.startswith(_OF_BATCHES):
        return _OUTPUT
    return BATCH if "jsonl" in mime_type else _ANY


def _object(answer: bytes) -> dict[str, Any]:
    try:
        return _decode(answer)
    except _UNREADABLE:
        raise NotAnAnswer("something that is not a JSON object") from None


def _number(value: Any) -> int:
    """Numbers of 64 bits are texts in Google's JSON."""
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def _moment(value: Any) -> int | None:
    try:
        return int(datetime.fromisoformat(value).timestamp()) if isinstance(value, str) else None
    except ValueError:
        return None
