"""Triggers: create, list, get, change, delete; run one now; list its executions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from emulator.apis.interactions.creating import begin, check_asked
from emulator.apis.interactions.related.common import changes, id_of, listed, require
from emulator.apis.interactions.related.naming import check_credentials
from emulator.state.resources.interactions.agents import GOOGLES
from emulator.state.resources.interactions.interactions import Interaction
from emulator.state.resources.interactions.related.schedules import Schedule, schedule_of
from emulator.state.resources.interactions.related.triggers import Trigger
from emulator.wire.public.interaction_bodies import read_body, refuse_value
from emulator.wire.public.interaction_input import steps_of
from emulator.wire.public.worded import refuse_in_words
from emulator.wire.replies import Json

if TYPE_CHECKING:
    from emulator.apis.call import Call
    from emulator.state.google import Google

_STATUSES = frozenset({"active", "paused"})


def catch_up(google: Google, call: Call) -> None:
    """Makes the executions of the call's project that were due by their schedules."""
    for trigger in call.project.related.triggers.all():
        trigger.catch_up(_runner(google, call), call.now)


def _create(google: Google, call: Call) -> Json:
    """Only an agent's interaction can be scheduled, and only one that is stored."""
    asked = read_body("Trigger", call.json_body())
    require(asked, "interaction", "schedule", "time_zone")
    require(asked["interaction"], "agent", "input", at="interaction")
    check_asked(_in_background(asked["interaction"]))
    steps_of(asked["interaction"]["input"])
    _check_named(call, asked)
    schedule, zone = _schedule(asked["schedule"]), _zone(asked["time_zone"])
    return call.project.related.triggers.add(asked, schedule, zone, call.now).resource(call.now)


def _list(google: Google, call: Call) -> Json:
    return listed(call, "triggers", [one.resource(call.now) for one in call.project.related.triggers.all()])


def _get(google: Google, call: Call) -> Json:
    return _named(call).resource(call.now)


def _update(google: Google, call: Call) -> Json:
    trigger, changed = _named(call), changes(call, "TriggerUpdate")
    status = changed.pop("status", trigger.status)
    if status != trigger.status and status not in _STATUSES:
        raise refuse_value(status, "status")
    trigger.set_status(status, call.now)
    trigger.asked = {**trigger.asked, **changed}
    trigger.updated = call.now
    return trigger.resource(call.now)


def _delete(google: Google, call: Call) -> Json:
    call.project.related.triggers.delete(id_of(call))
    return {}


def _run(google: Google, call: Call) -> Json:
    trigger = _named(call)
    return trigger.execute(_runner(google, call), call.now, call.now).resource(call.now)


def _list_executions(google: Google, call: Call) -> Json:
    """Newest first."""
    executions = [one.resource(call.now) for one in _named(call).executions[::-1]]
    return listed(call, "trigger_executions", executions)


def _runner(google: Google, call: Call) -> Callable[[Json], Interaction]:
    """What creates an interaction for the call's project: in the background, and as no client has scripted it."""
    running = replace(call, style=google.style)
    return lambda asked: begin(google, running, _in_background(asked))


def _in_background(asked: Json) -> Json:
    return {**asked, "background": True, "stream": False}


def _check_named(call: Call, asked: Json) -> None:
    """What a trigger and its interaction name has to be the project's own; raises Refused."""
    interaction, project = asked["interaction"], call.project
    if interaction["agent"] not in GOOGLES:
        project.agents.get(interaction["agent"])
    if previous := interaction.get("previous_interaction_id"):
        project.interactions.get(previous, call.now)
    inner = interaction.get("environment")
    named = inner.get("environment_id") if isinstance(inner, dict) else inner
    for id in (asked.get("environment_id"), named):
        if isinstance(id, str) and id not in ("", "remote"):
            project.environments.alive(id.removeprefix("environments/"), call.now)
    check_credentials(call, inner)


def _schedule(text: str) -> Schedule:
    try:
        return schedule_of(text)
    except ValueError as error:
        raise refuse_in_words(400, f"'schedule' is not in cron's format: {error}.") from None


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise refuse_value(name, "time_zone") from None


def _named(call: Call) -> Trigger:
    return call.project.related.triggers.get(id_of(call))


METHODS: Mapping[str, Callable[[Google, Call], Json]] = {
    "createTrigger": _create,
    "listTriggers": _list,
    "getTrigger": _get,
    "updateTrigger": _update,
    "deleteTrigger": _delete,
    "runTrigger": _run,
    "listTriggerExecutions": _list_executions,
}
