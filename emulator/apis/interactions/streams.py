"""Streams of interactions: a new one's, and those that are taken up again after an event."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from emulator.answers.interactions.events import completed, numbered
from emulator.state.resources.interactions.interactions import Interaction
from emulator.wire.errors import WordedError
from emulator.wire.fault_names import error_named
from emulator.wire.public.interaction_stream import interaction_stream
from emulator.wire.public.worded import refuse_in_words, worded
from emulator.wire.replies import Json, Reply

if TYPE_CHECKING:
    from emulator.apis.call import Call


def scripted_error(call: Call) -> WordedError:
    """The error that the call's style has in store."""
    return worded(error_named(call.style.error, call.scene()))


def streamed(call: Call, interaction: Interaction, events: Sequence[Json]) -> Reply:
    """These events of an interaction: what has happened at once, the others as they happen."""
    happened = round(len(interaction.events) * interaction.progress(call.now))
    missed = len(interaction.events) - len(events)
    waiting = len(interaction.events) - max(happened, missed)
    gap = max(interaction.ends - call.now, 0.0) / waiting if waiting and not interaction.is_over(call.now) else 0.0
    at_once = max(happened - missed, 0) if gap else 0
    return interaction_stream(
        _as_they_come(interaction, events, call), call.style, scripted_error(call), at_once=at_once, gap=gap
    )


def resumed(call: Call, interaction: Interaction, last_event_id: str) -> Reply:
    """The events after the one of this id, all without one; raises Refused for an id that none has."""
    places = [place for place, event in enumerate(interaction.events) if event.get("event_id") == last_event_id]
    if last_event_id and not places:
        raise refuse_in_words(400, f"The value '{last_event_id}' is not supported for 'last_event_id'.")
    return streamed(call, interaction, interaction.events[places[0] + 1 :] if places else interaction.events)


def _as_they_come(interaction: Interaction, events: Sequence[Json], call: Call) -> Iterator[Json]:
    """Until somebody cancels the interaction."""
    left = len(interaction.events) * (1.0 - interaction.progress(call.now))
    for number, event in enumerate(events):
        if interaction.cancelled is not None and len(events) - number <= left:
            yield numbered(completed(interaction, interaction.cancelled))
            return
        yield event
