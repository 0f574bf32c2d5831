"""Lists in pages, as every list of the public API comes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeVar

from emulator.wire.errors import bad_request, refuse

if TYPE_CHECKING:
    from emulator.apis.call import Call

_Item = TypeVar("_Item")


def page_of(call: Call, items: Sequence[_Item], *, usual: int, largest: int) -> tuple[Sequence[_Item], dict[str, str]]:
    """The page that was asked for, and `{"nextPageToken": …}`, which is empty on the last page; raises Refused.

    More than `largest` is taken for `largest`, as Google does. With interactions goes `next_page_token`.
    """
    size, token, following = ("pageSize", "pageToken", "nextPageToken")
    if call.route.worded:
        size, token, following = ("page_size", "page_token", "next_page_token")
    start = _number(call, token)
    end = start + min(_number(call, size) or usual, largest)
    return items[start:end], {following: str(end)} if end < len(items) else {}


def _number(call: Call, name: str) -> int:
    text = call.request.query.get(name, "") or "0"
    if not text.isdecimal():
        raise refuse(400, f"Invalid value at '{name}', \"{text}\"", bad_request([(name, "Invalid value")]))
    return int(text)
