"""The items of `input`, steps and contents alike: read in one typed pass that decodes neither texts nor media."""

from __future__ import annotations

import msgspec
from msgspec import Raw


class Item(msgspec.Struct, gc=False):
    """A step or a content, as its `type` says; each has a few of these fields."""

    type: str | None = None
    role: str | None = None  # of the schema before May 2026
    text: Raw = Raw()
    data: Raw = Raw()
    mime_type: str | None = None
    uri: Raw = Raw()
    resolution: str | None = None
    processing: Raw = Raw()
    sample_rate: int | None = None
    channels: int | None = None
    content: list[Item] | str | None = None
    summary: list[Item] | None = None
    signature: Raw = Raw()
    id: str | None = None
    name: str | None = None
    arguments: Raw = Raw()
    call_id: str | None = None
    result: Raw = Raw()
    is_error: bool | None = None


Input = list[Item] | Item | str

decode_input = msgspec.json.Decoder(Input).decode
decode_items = msgspec.json.Decoder(list[Item]).decode
