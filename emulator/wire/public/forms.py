"""Forms of several parts (`multipart/form-data`), as OpenAI's clients send what may hold a file."""

from __future__ import annotations

from email.message import Message
from email.parser import BytesParser

FORM_TYPE = "multipart/form-data"


def form_fields(content_type: str, body: bytes) -> dict[str, str]:
    """The fields by name; of a file, what it is called. What is no form has none."""
    whole = BytesParser().parsebytes(b"content-type: " + content_type.encode("latin-1") + b"\r\n\r\n" + body)
    parts = whole.get_payload() if whole.is_multipart() else []
    return {name: _value(part) for part in parts if isinstance(part, Message) and (name := _name(part))}


def _name(part: Message) -> str:
    return str(part.get_param("name", "", header="content-disposition"))


def _value(part: Message) -> str:
    content = part.get_payload(decode=True)
    return part.get_filename() or (content.decode("utf-8", "replace") if isinstance(content, bytes) else "")
