"""The public API's agents: create under a chosen id, list, get, delete."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from emulator.apis.resources.paging import page_of
from emulator.wire.public.interaction_bodies import read_body
from emulator.wire.replies import Json

if TYPE_CHECKING:
    from emulator.apis.call import Call
    from emulator.state.google import Google

_PAGE_SIZE, _LARGEST_PAGE = 50, 1_000


def _create(google: Google, call: Call) -> Json:
    return call.project.agents.add(read_body("Agent", call.json_body()))


def _list(google: Google, call: Call) -> Json:
    shown, following = page_of(call, call.project.agents.all(), usual=_PAGE_SIZE, largest=_LARGEST_PAGE)
    return {"agents": list(shown), **following} if shown else {}


def _get(google: Google, call: Call) -> Json:
    return call.project.agents.get(_id_of(call))


def _delete(google: Google, call: Call) -> Json:
    call.project.agents.delete(_id_of(call))
    return {}


def _id_of(call: Call) -> str:
    return call.route.resource.partition("/")[2]


METHODS: Mapping[str, Callable[[Google, Call], Json]] = {
    "createAgent": _create,
    "listAgents": _list,
    "getAgent": _get,
    "deleteAgent": _delete,
}
