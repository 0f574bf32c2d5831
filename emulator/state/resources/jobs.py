"""Work that takes a moment, by the emulator's clock: batches, videos, what stores take in, and tuning."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

from emulator.wire.durations import timestamp
from emulator.wire.errors import Refused, refuse
from emulator.wire.replies import Json

LONGEST_JOB = 48 * 3600.0
_GENERATIVE = "type.googleapis.com/google.ai.generativelanguage"


class State(Enum):
    """How far a job is; the names are those of `BATCH_STATE_…`."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"

    @property
    def over(self) -> bool:
        return self not in {State.PENDING, State.RUNNING}


def _no_metadata(job: Job, now: float, whole: bool) -> Json:
    return {}


@dataclass(slots=True)
class Job:
    """A long-running operation: a third of its time PENDING, then RUNNING, then over.

    takes     seconds, by the emulator's clock
    run       makes the response, once, when the job is first seen to be over
    metadata  tells the operation's metadata; takes the job, the clock and whether the whole of it is asked for
    kind      what its response is, for `@type`
    asked     what the client said of it and may change
    """

    name: str
    created: float
    takes: float
    run: Callable[[], Json] = field(repr=False)
    kind: str = ""
    metadata: Callable[[Job, float, bool], Json] = field(default=_no_metadata, repr=False)
    asked: Json = field(default_factory=dict, repr=False)
    cancelled: float | None = None
    response: Json | None = field(default=None, repr=False)
    updated: float = 0.0

    @property
    def ends(self) -> float:
        """When it is over, if nobody cancels it."""
        return self.created + min(self.takes, LONGEST_JOB)

    def state(self, now: float) -> State:
        if self.cancelled is not None:
            return State.CANCELLED
        if now < min(self.created + self.takes / 3, self.ends):
            return State.PENDING
        if now < self.ends:
            return State.RUNNING
        return State.EXPIRED if self.takes > LONGEST_JOB else State.SUCCEEDED

    def cancel(self, now: float) -> None:
        """What is over stays as it is."""
        if not self.state(now).over:
            self.cancelled = now

    def result(self, now: float) -> Json | None:
        """The response, None while there is none."""
        if self.state(now) is not State.SUCCEEDED:
            return None
        if self.response is None:
            self.response = self.run()
        return self.response

    def resource(self, now: float, *, whole: bool = True) -> Json:
        """As google.longrunning.Operation; lists tell less than the whole."""
        response, state = self.result(now), self.state(now)
        told: Json = {"name": self.name}
        if metadata := self.metadata(self, now, whole):
            told["metadata"] = metadata
        if not state.over:
            return told
        told["done"] = True
        if state is State.SUCCEEDED:
            told["response"] = {"@type": type_url(self.kind), **(response or {})} if whole else {}
        elif state is State.CANCELLED:
            told["error"] = {"code": 1, "message": "The operation was cancelled."}
        else:
            told["error"] = {"code": 4, "message": "The operation has expired."}
        return told

    def times(self, now: float) -> Json:
        """createTime, endTime and updateTime, as metadata tell them."""
        ended = self.cancelled if self.cancelled is not None else self.ends
        over = self.state(now).over
        told = {"createTime": timestamp(self.created)}
        if over:
            told["endTime"] = timestamp(ended)
        return {**told, "updateTime": timestamp(max(self.updated, ended if over else self.created))}


class Jobs:
    """One project's jobs by name, whatever they are of."""

    def __init__(self) -> None:
        self._by_name: dict[str, Job] = {}
        self._open: list[Job] = []

    def add(self, job: Job) -> Job:
        self._by_name[job.name] = job
        self._open.append(job)
        return job

    def ended(self, now: float) -> list[Job]:
        """Those that are over and were not asked for so before."""
        over = [job for job in self._open if job.state(now).over]
        self._open = [job for job in self._open if not job.state(now).over] if over else self._open
        return over

    def get(self, name: str) -> Job:
        """By its whole name, or as `operations/…`; raises Refused for what is not there or is another project's."""
        job = self._by_name.get(name)
        if job is None and name.startswith("operations/"):
            job = next((one for whole, one in self._by_name.items() if whole.endswith(f"/{name}")), None)
        if job is None:
            raise not_there()
        return job

    def has(self, name: str) -> bool:
        return name in self._by_name

    def under(self, prefix: str) -> list[Job]:
        return [job for name, job in self._by_name.items() if name.startswith(prefix)]

    def delete(self, name: str) -> None:
        del self._by_name[self.get(name).name]


def not_there() -> Refused:
    return refuse(404, "Requested entity was not found.")


def type_url(kind: str, version: str = "v1main") -> str:
    return f"{_GENERATIVE}.{version}.{kind}"
