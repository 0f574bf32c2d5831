"""The files that a call names by their URIs: whose they are, whether they may be used, what there is to say of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from emulator.answers import tokens
from emulator.answers.media.pictures import first_words
from emulator.apis.resources.files import active_file
from emulator.state.resources.files import File
from emulator.wire.errors import GENERATIVE, refuse
from emulator.wire.replies import Json

if TYPE_CHECKING:
    from emulator.apis.call import Call

_NAME = re.compile(rf"(?:https://{re.escape(GENERATIVE)}/(?:v\w+/)?)?files/([a-z0-9-]+)")
_ELSEWHERE = re.compile(r"https?://[^/]+(?:/.*)?/files/[^/]+")


def attach_files(call: Call, inner: Json) -> None:
    """Checks every `fileData` of a request as read, and adds what answers and counts want to know of the file.

    A URI of Google's Files API must name an active file of the call's project. Other URIs are somebody else's pages; a
    Files API on another host than Google's is none that Google could read, and the public API reads no buckets. Raises
    Refused.
    """
    for data in _file_data(inner):
        uri = str(data.get("fileUri", ""))
        if match := _NAME.fullmatch(uri):
            _describe(data, active_file(call, match[1]))
        elif GENERATIVE in uri or (call.api_key and uri.startswith("gs://")):
            raise refuse(400, f"Invalid or unsupported file uri: {uri}")
        elif _ELSEWHERE.fullmatch(uri):
            raise refuse(400, f"Cannot fetch content from the provided URL: {uri}")


def _describe(data: Json, file: File) -> None:
    mime_type = file.mime_type or "unknown"
    told = f"the {mime_type} file “{file.display_name or file.name}” of {file.blob.size:,} bytes"
    data.setdefault("mimeType", mime_type)
    if mime_type.startswith("text/") or "json" in mime_type:
        start = file.blob.start
        text = start.decode("utf-8", "replace")
        words = first_words(mime_type, start)
        told += f", which begins “{words}”" if words else ""
        data["tokens"] = tokens.count_text(text) + (file.blob.size - len(start)) // tokens.CHARACTERS_A_TOKEN
    data["told"] = told


def _file_data(inner: Json) -> Iterator[Json]:
    for content in (*inner.get("contents", ()), inner.get("systemInstruction") or {}):
        for part in content.get("parts", ()):
            nested = part.get("functionResponse", {}).get("parts", ())
            yield from (one["fileData"] for one in (part, *nested) if "fileData" in one)
