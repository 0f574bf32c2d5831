"""The public API's interactions: create, get (also as a stream), cancel, delete."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from emulator.apis.interactions.creating import create
from emulator.apis.interactions.streams import resumed
from emulator.state.resources.interactions.interactions import Interaction
from emulator.wire.public.worded import refuse_in_words
from emulator.wire.replies import Json, Reply

if TYPE_CHECKING:
    from emulator.apis.call import Call
    from emulator.state.google import Google


def _get(google: Google, call: Call) -> Reply | Json:
    interaction, query = _named(call), call.request.query
    if query.get("stream") == "true":
        return resumed(call, interaction, query.get("last_event_id", ""))
    if query.get("last_event_id"):
        raise refuse_in_words(400, "'last_event_id' can only be used with stream=true.")
    told = interaction.resource(call.now, whole=True)
    steps = [*interaction.input, *told.get("steps", ())]
    given = {"input": interaction.asked.get("input", [])} if query.get("include_input") == "true" else {}
    return {**told, **({"steps": steps} if steps else {}), **given}


def _cancel(google: Google, call: Call) -> Json:
    interaction = _named(call)
    if not interaction.background:
        raise refuse_in_words(400, "Only interactions that run in the background can be cancelled.")
    interaction.cancel(call.now)
    return interaction.resource(call.now)


def _delete(google: Google, call: Call) -> Json:
    call.project.interactions.delete(_named(call).id, call.now)
    return {}


def _named(call: Call) -> Interaction:
    return call.project.interactions.get(call.route.resource.partition("/")[2], call.now)


METHODS: Mapping[str, Callable[[Google, Call], Reply | Json]] = {
    "createInteraction": create,
    "getInteraction": _get,
    "cancelInteraction": _cancel,
    "deleteInteraction": _delete,
}
