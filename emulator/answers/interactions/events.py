"""The stream of an interaction: its events in order, each with an id to resume after."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

from emulator.answers.answer import Answer
from emulator.answers.interactions.told import usage_of
from emulator.state.resources.interactions.interactions import Interaction
from emulator.wire.errors import WordedError
from emulator.wire.replies import Json


def events_of(interaction: Interaction, told: Answer, checkpoint: int | None, token: str) -> list[Json]:
    """All events; with a `token`, a status_update carries it after `checkpoint` deltas."""
    listed = [*_beginning(interaction), *_steps(interaction, told), completed(interaction, interaction.ends)]
    if token and checkpoint is not None:
        deltas = [place for place, event in enumerate(listed) if event["event_type"] == "step.delta"]
        place = deltas[checkpoint - 1] + 1 if checkpoint else 2
        listed.insert(place, _status(interaction, {"continuation_token": token}))
    return [numbered(event) for event in listed]


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
    told |= {"status": "queued" if interaction.takes else "in_progress"}
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
