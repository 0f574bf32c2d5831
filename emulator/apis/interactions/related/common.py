"""What these methods have in common: ids in paths, pages, changes by a mask."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from emulator.apis.resources.paging import page_of
from emulator.wire.public.interaction_bodies import fields_of, read_body
from emulator.wire.public.worded import refuse_in_words
from emulator.wire.replies import Json

if TYPE_CHECKING:
    from emulator.apis.call import Call

_PAGE_SIZE, _LARGEST_PAGE = 50, 1_000


def id_of(call: Call) -> str:
    """The id behind the path's collection."""
    return call.route.resource.split("/")[1]


def listed(call: Call, field: str, resources: Sequence[Json]) -> Json:
    """The page that was asked for, `{}` for an empty list."""
    shown, following = page_of(call, resources, usual=_PAGE_SIZE, largest=_LARGEST_PAGE)
    return {field: list(shown), **following} if shown else {}


def changes(call: Call, shape: str) -> Json:
    """The fields of a PATCH that its `update_mask` names, all where there is none; raises Refused."""
    body, mask = read_body(shape, call.json_body()), call.request.query.get("update_mask", "")
    names = {name.strip() for name in mask.split(",")} if mask else set(body)
    for name in sorted(names - fields_of(shape)):
        raise refuse_in_words(400, f"'update_mask' names '{name}', which cannot be updated.")
    return {name: value for name, value in body.items() if name in names}


def require(asked: Json, *names: str, at: str = "") -> None:
    """Raises Refused for the first of the fields that is not there or empty."""
    for name in names:
        if asked.get(name) in (None, "", [], {}):
            where = f" at '{at}'" if at else ""
            raise refuse_in_words(400, f"'{name}' is required{where}.")
