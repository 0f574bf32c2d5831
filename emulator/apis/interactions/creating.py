"""A new interaction: checked, answered by a model or an agent, kept, and told at once or in a stream."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from emulator.answers.interactions.events import events_of, failed, numbered
from emulator.answers.interactions.told import usage_of
from emulator.apis.interactions.answering import Composed, answered
from emulator.apis.interactions.related.naming import check_credentials, check_voices
from emulator.apis.interactions.streams import scripted_error, streamed
from emulator.state.resources.interactions.interactions import Checkpoint, Interaction, new_id
from emulator.state.resources.interactions.steps import parted
from emulator.wire.errors import Refused
from emulator.wire.public.interaction_bodies import read_body, refuse_value
from emulator.wire.public.interaction_input import LEGACY
from emulator.wire.public.interaction_input import steps_of as input_of
from emulator.wire.public.interaction_stream import cut_short
from emulator.wire.public.worded import refuse_in_words
from emulator.wire.replies import Json, Reply
from emulator.wire.streaming import unary

if TYPE_CHECKING:
    from emulator.apis.call import Call
    from emulator.state.google import Google

# The revision that brought steps; what is older speaks of outputs and roles.
_STEPS_SINCE = "2026-05-20"
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_TIERS = frozenset({"flex", "standard", "priority", "deferred"})


def create(google: Google, call: Call) -> Reply:
    """POST interactions; raises Refused."""
    _check_revision(call)
    asked = read_body("Interaction", call.json_body())
    interaction = begin(google, call, asked)
    if asked.get("stream"):
        return streamed(call, interaction, interaction.events)
    if call.style.error_after is not None:
        raise Refused(scripted_error(call))
    told = dict(call.style.responses[0]) if call.style.responses else interaction.resource(call.now)
    return unary(told, call.style, call.scene(), ())


def begin(google: Google, call: Call, asked: Json) -> Interaction:
    """A new interaction of the call's project, by a body as read; raises Refused."""
    check_asked(asked)
    check_credentials(call, asked.get("environment"))
    check_voices(call, asked.get("generation_config", {}).get("speech_config"))
    given = input_of(asked["input"]) if asked.get("input") else []
    return _kept(google, call, asked, answered(google, call, asked, given))


# -- checks ---------------------------------------------------------------------------------------------------------


def _check_revision(call: Call) -> None:
    revision = call.request.headers.get("api-revision", "")
    if revision and not _DATE.fullmatch(revision):
        raise refuse_in_words(400, f"The API revision '{revision}' is not supported.")
    if revision and revision < _STEPS_SINCE:
        raise refuse_in_words(400, LEGACY)


def check_asked(asked: Json) -> None:
    """What goes with what."""
    if ("model" in asked) is ("agent" in asked):
        raise refuse_in_words(400, "Exactly one of 'model' and 'agent' must be set.")
    if "/" in asked.get("model", ""):
        raise refuse_value(asked["model"], "model")
    for name in ("agent_config",) if "model" in asked else ("generation_config", "cached_content"):
        if name in asked:
            kind = "model" if "model" in asked else "agent"
            raise refuse_in_words(400, f"'{name}' cannot be used with '{kind}'.")
    if asked.get("store") is False:
        for name in ("background", "previous_interaction_id"):
            if asked.get(name):
                raise refuse_in_words(400, f"'{name}' cannot be used with store=false.")
    if not asked.get("input") and not asked.get("continuation_token"):
        raise refuse_in_words(400, "'input' is required.")
    if asked.get("service_tier", "standard") not in _TIERS:
        raise refuse_value(asked["service_tier"], "service_tier")


# -- what is kept ---------------------------------------------------------------------------------------------------


def _kept(google: Google, call: Call, asked: Json, made: Composed) -> Interaction:
    """The interaction with its events, kept unless it was not to be."""
    id, stored, style = new_id(), asked.get("store") is not False, call.style
    hop, token = _hop(call, asked, made, id, style.hop)
    interaction = Interaction(
        id=id,
        asked=asked,
        input=made.given,
        steps=hop.steps,
        outcome=hop.outcome,
        usage=usage_of(made.told, hop.steps),
        created=call.now,
        takes=google.job_seconds if asked.get("background") else 0.0,
        token=token,
        errors=hop.errors,
        environment_id=made.environment_id,
    )
    until, resumption = _hop(call, asked, hop, id, style.checkpoint)
    events = events_of(interaction, made.told, until.steps, resumption)
    if asked.get("stream") and cut_short(events, style):
        error = scripted_error(call)
        events = [*events[: style.error_after], numbered(failed(error))]
        interaction.outcome, interaction.errors = "failed", [{"code": error.code, "message": error.message}]
    interaction.events = [dict(one) for one in style.responses] if style.responses else events
    if stored:
        call.project.interactions.store(interaction)
    return interaction


def _hop(call: Call, asked: Json, made: Composed, id: str, deltas: int | None) -> tuple[Composed, str]:
    """What is told up to so many deltas, and the token for what is left; all of it and "" where there is none."""
    before, left = parted(made.steps, deltas) if deltas is not None else (made.steps, [])
    if not left or "model" not in asked:
        return made, ""
    stored = asked.get("store") is not False
    checkpoint = Checkpoint(id, stored, asked["model"], left, made.outcome, made.errors)
    told = Composed(made.told, before, "requires_continuation", given=made.given)
    return told, call.project.interactions.checkpoint(checkpoint)
