"""Triggers: agents' interactions that run by a schedule, and each of their executions."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from emulator.state.resources.interactions.interactions import Interaction
from emulator.state.resources.interactions.related.schedules import Schedule
from emulator.wire.durations import timestamp
from emulator.wire.errors import Refused
from emulator.wire.public.worded import refuse_in_words
from emulator.wire.replies import Json

# Executions that were missed while nobody looked are made up for, so many at a time.
_MOST_AT_ONCE = 100

Run = Callable[[Json], Interaction]


@dataclass(slots=True)
class Execution:
    """One run of a trigger; without an interaction it failed at once, and `error` says why."""

    trigger: Trigger = field(repr=False)
    scheduled: float
    started: float
    interaction: Interaction | None = None
    error: str = ""
    id: str = field(default_factory=lambda: str(uuid.uuid4()))

    @property
    def ends(self) -> float:
        """When it is over, if nobody cancels it."""
        if self.interaction is None:
            return self.started
        timeout = self.trigger.asked.get("execution_timeout_seconds")
        ends = self.interaction.ends if self.interaction.cancelled is None else self.interaction.cancelled
        return ends if timeout is None else min(ends, self.started + timeout)

    def status(self, now: float) -> str:
        if self.interaction is None:
            return "failed"
        if now < self.ends:
            return "in_progress"
        if not self.interaction.is_over(self.ends):
            return "timed_out"
        return "completed" if self.interaction.status(self.ends) == "completed" else "failed"

    def resource(self, now: float) -> Json:
        status = self.status(now)
        told: Json = {"id": self.id, "trigger_id": self.trigger.id, "status": status}
        told |= {"scheduled_time": timestamp(self.scheduled), "start_time": timestamp(self.started)}
        if status != "in_progress":
            told["end_time"] = timestamp(self.ends)
        if self.interaction is not None:
            told["interaction_id"] = self.interaction.id
        environment = self.interaction.environment_id if self.interaction else ""
        environment = environment or str(self.trigger.asked.get("environment_id", ""))
        told |= {"environment_id": environment} if environment else {}
        return told | ({"error": self.error} if self.error else {})


@dataclass(slots=True)
class Trigger:
    """One trigger; `asked` is the body of its creation, as read, with later changes."""

    id: str
    asked: Json = field(repr=False)
    schedule: Schedule = field(repr=False)
    zone: ZoneInfo = field(repr=False)
    created: float
    updated: float
    status: str = "active"
    paused: float | None = None
    resumed: float | None = None
    next_run: float | None = None
    executions: list[Execution] = field(default_factory=list, repr=False)

    def failures(self, now: float) -> int:
        """How many executions have failed since the last that did not."""
        count = 0
        for one in reversed(self.executions):
            status = one.status(now)
            if status == "completed":
                break
            count += status in {"failed", "timed_out"}
        return count

    def set_status(self, status: str, now: float) -> None:
        if status == self.status:
            return
        self.status = status
        if status == "active":
            self.resumed, self.next_run = now, self.schedule.after(now, self.zone)
        else:
            self.paused = now

    def catch_up(self, run: Run, now: float) -> None:
        """Makes the executions that were due by the schedule; too many failures in a row end that."""
        for _ in range(_MOST_AT_ONCE):
            if self._watched(now) != "active" or self.next_run is None or self.next_run > now:
                return
            self.execute(run, self.next_run, now)
            self.next_run = self.schedule.after(self.next_run, self.zone)
        self.next_run = self.schedule.after(now, self.zone)

    def execute(self, run: Run, scheduled: float, now: float) -> Execution:
        execution = Execution(self, scheduled, now)
        self.executions.append(execution)
        try:
            environment = {"environment": self.asked["environment_id"]} if "environment_id" in self.asked else {}
            execution.interaction = run({**self.asked["interaction"], **environment})
        except Refused as refused:
            execution.error = refused.body.message
        return execution

    def resource(self, now: float) -> Json:
        last = self.executions[-1] if self.executions else None
        told: Json = {
            "id": self.id,
            **self.asked,
            "status": self._watched(now),
            "consecutive_failure_count": self.failures(now),
            "create_time": timestamp(self.created),
            "update_time": timestamp(self.updated),
        }
        times = {
            "last_pause_time": self.paused,
            "last_resume_time": self.resumed,
            "last_run_time": last.started if last else None,
            "next_run_time": self.next_run if self.status == "active" else None,
        }
        told |= {name: timestamp(at) for name, at in times.items() if at is not None}
        interactions = [one.interaction.id for one in self.executions if one.interaction is not None]
        return told | ({"previous_interaction_id": interactions[-1]} if interactions else {})

    def _watched(self, now: float) -> str:
        """The status, which is `error` from the last failure that was allowed on."""
        most = self.asked.get("max_consecutive_failures")
        if self.status == "active" and most and self.failures(now) >= most:
            self.set_status("error", now)
        return self.status


class Triggers:
    """A project's triggers by id. Used under the state's lock."""

    def __init__(self) -> None:
        self._by_id: dict[str, Trigger] = {}

    def add(self, asked: Json, schedule: Schedule, zone: ZoneInfo, now: float) -> Trigger:
        trigger = Trigger(str(uuid.uuid4()), asked, schedule, zone, now, now, next_run=schedule.after(now, zone))
        self._by_id[trigger.id] = trigger
        return trigger

    def get(self, id: str) -> Trigger:
        """Raises Refused, with one text for what is foreign, gone and never was."""
        if id not in self._by_id:
            raise refuse_in_words(404, "Requested entity was not found.")
        return self._by_id[id]

    def delete(self, id: str) -> None:
        del self._by_id[self.get(id).id]

    def all(self) -> list[Trigger]:
        """Newest first."""
        return list(self._by_id.values())[::-1]
