"""Media as the two APIs write them: a content with `data` or `uri` here, a part of generateContent there."""

from typing import Any

import msgspec
from msgspec import Raw

from proxy_app.wire.interactions.translated.to_generate.items import Item
from proxy_app.wire.interactions.translated.values import (
    NeedsPublicApi,
    is_given,
    quoted,
    read,
    required,
    string,
)

KINDS = ("image", "audio", "video", "document")

# Raw samples: how many a second stands in the type there, in fields of its own here.
_RAW_AUDIO = ("audio/l16", "audio/pcm", "audio/l24")


class _Processing(msgspec.Struct, gc=False):
    type: str | None = None
    start_offset: Raw = Raw()
    end_offset: Raw = Raw()
    fps: Raw = Raw()
    content_layers: Raw = Raw()


_decode_processing = msgspec.json.Decoder(_Processing | str).decode


def part(item: Item, where: str) -> dict[str, Any]:
    """The part for a content that is a medium. Raises Malformed, NeedsPublicApi."""
    made: dict[str, Any]
    if is_given(item.data):
        if not item.mime_type:
            raise required(f"{where}.mime_type")
        made = {"inlineData": {"mimeType": _mime_type(item), "data": string(item.data, f"{where}.data")}}
    elif is_given(item.uri):
        file: dict[str, Any] = {"fileUri": string(item.uri, f"{where}.uri")}
        made = {"fileData": {"mimeType": item.mime_type, **file} if item.mime_type else file}
    else:
        raise required(f"{where}.data")
    if item.resolution:
        made["mediaResolution"] = {"level": f"MEDIA_RESOLUTION_{item.resolution.upper()}"}
    if is_given(item.processing) and (metadata := _video_metadata(item, f"{where}.processing")):
        made["videoMetadata"] = metadata
    return made


def content(mime_type: str, data: Raw) -> dict[str, Any]:
    """The content for a part that is a medium; as a delta it reads the same."""
    name, *parameters = [each.strip() for each in mime_type.split(";")]
    made: dict[str, Any] = {"type": _kind(name)}
    if name.lower() in _RAW_AUDIO:
        made["mime_type"] = name.lower()
        given = dict(each.split("=", 1) for each in parameters if "=" in each)
        for parameter, field in (("rate", "sample_rate"), ("channels", "channels")):
            if (number := given.get(parameter, "")).isdecimal() and number.isascii() and len(number) < 10:
                made[field] = int(number)
    elif mime_type:
        made["mime_type"] = mime_type
    return {**made, "data": data}


def file_content(mime_type: str, uri: Raw) -> dict[str, Any]:
    """The content for a part that is a file."""
    made: dict[str, Any] = {"type": _kind(mime_type), "uri": uri}
    return {**made, "mime_type": mime_type} if mime_type else made


def _kind(mime_type: str) -> str:
    family = mime_type.partition("/")[0].lower()
    return family if family in KINDS else "document"


def _mime_type(item: Item) -> str:
    given = str(item.mime_type)
    if given.lower() not in _RAW_AUDIO:
        return given
    rate = f";rate={item.sample_rate}" if item.sample_rate else ""
    channels = f";channels={item.channels}" if item.channels else ""
    return f"{given}{rate}{channels}"


def _video_metadata(item: Item, where: str) -> dict[str, Raw]:
    """Which part of a video is looked at, and how often. Other kinds of processing are the public API's."""
    processing: _Processing | str = read(_decode_processing, item.processing, where)
    if processing == "static":
        return {}
    if isinstance(processing, str):
        raise NeedsPublicApi(f"`{where}` of the kind {quoted(processing)}")
    given = {"startOffset": processing.start_offset, "endOffset": processing.end_offset, "fps": processing.fps}
    given = {name: value for name, value in given.items() if is_given(value)}
    if is_given(processing.content_layers) or (given and item.type != "video"):
        raise NeedsPublicApi(f"What `{where}` asks for")
    return given
