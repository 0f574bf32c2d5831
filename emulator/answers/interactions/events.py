"""The stream of an interaction: its events in order, each with an id to resume after."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence

from emulator.answers.answer import Answer
from emulator.answers.interactions.told import usage_of
from emulator.state.resources.interactions.interactions import Interaction
from emulator.state.resources.interactions.steps import Step
from emulator.wire.errors import WordedError
from emulator.wire.replies import Json


def events_of(interaction: Interaction, told: Answer, until: Sequence[Step], token: str) -> list[Json]:
    """All events; a status_update with the `token`, if there is one, comes after the steps `until` there."""
    begun, stepping = list(_beginning(interaction)), list(_steps(interaction, told))
    if token:
        place = sum(len(step.deltas) + 2 for step in until)
        if until and len(until[-1].deltas) < len(interaction.steps[len(until) - 1].deltas):
            # In the middle of a step, which has not stopped.
            place -= 1
        stepping.insert(place, _status(interaction, {"continuation_token": token}))
    return [numbered(event) for event in (*begun, *stepping, completed(interaction, interaction.ends))]


def completed(interaction: Interaction, now: float) -> Json:
    """The last event of a stream: without the steps, which were told."""
    told = interaction.identity(now) | {"steps": []}
    if told["status"] != "cancelled":
        told |= {"usage": interaction.usage}
        told |= {"continuation_token": interaction.token} if interaction.token else {}
    return {"event_type": "interaction.completed", "interaction": told}


def failed(error: WordedError) -> Json:
    return {"event_type": "error", "error": {"code": error.code, "message": error.message}}


def numbered(event: Json) -> Json:
    return {**event, "event_id": secrets.token_urlsafe(16)}


def _beginning(interaction: Interaction) -> Iterator[Json]:
    told = interaction.identity(interaction.created)
    told |= {} if told["status"] == "queued" else {"status": "in_progress"}
    if interaction.environment_id:
        told["environment_id"] = interaction.environment_id
    yield {"event_type": "interaction.created", "interaction": told}
    yield _status(interaction, {})


def _status(interaction: Interaction, more: Json) -> Json:
    told = {"event_type": "interaction.status_update", "interaction_id": interaction.id, "status": "in_progress"}
    return told | more


def _steps(interaction: Interaction, told: Answer) -> Iterator[Json]:
    for index, step in enumerate(interaction.steps):
        yield {"event_type": "step.start", "index": index, "step": step.start}
        for delta in step.deltas:
            yield {"event_type": "step.delta", "index": index, "delta": delta}
        yield {"event_type": "step.stop", "index": index, "usage": usage_of(told, interaction.steps[: index + 1])}
