"""Every method of what goes with interactions by its name, and what happens by itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from emulator.apis.interactions.related import auth_tokens, credentials, decisions, triggers, voices, webhooks
from emulator.apis.interactions.related.delivering import announce
from emulator.wire.replies import Json

if TYPE_CHECKING:
    from emulator.apis.call import Call
    from emulator.state.google import Google

RELATED_METHODS: Mapping[str, Callable[[Google, Call], Json]] = {
    **credentials.METHODS,
    **triggers.METHODS,
    **voices.METHODS,
    **decisions.METHODS,
    **webhooks.METHODS,
    **auth_tokens.METHODS,
}


def bring_up_to_date(google: Google, call: Call) -> None:
    """What has come about in a project since its last call: schedules were due, interactions and jobs have ended."""
    project, now = call.project, call.now
    triggers.catch_up(google, call)
    for interaction in project.interactions.ended(now):
        announce(project, f"interaction.{interaction.status(now)}", {"id": interaction.id}, now)
    for job in project.jobs.ended(now):
        of_batch = job.name.startswith("batches/")
        event = f"batch.{job.state(now).value.lower()}" if of_batch else "video.generated"
        announce(project, event, {"id": job.name}, now)
