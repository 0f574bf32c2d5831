"""The interactions of one project: what was asked and answered, how far each is, where one can be gone on with."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field

from emulator.state.resources.interactions.steps import Step
from emulator.wire.durations import timestamp
from emulator.wire.public.worded import refuse_in_words
from emulator.wire.replies import Json

# How long a stored one is kept, as in a paid project.
LIFETIME = 55 * 86_400.0

_ECHOED = (
    "agent_config",
    "cached_content",
    "environment",
    "generation_config",
    "labels",
    "previous_interaction_id",
    "response_format",
    "response_mime_type",
    "response_modalities",
    "service_tier",
    "system_instruction",
    "tools",
    "webhook_config",
)


@dataclass(slots=True)
class Interaction:
    """One interaction.

    asked    the body of its creation, as read
    input    the steps that came with it
    steps    the model's or the agent's own
    outcome  the status in the end
    takes    seconds that it runs in the background, by the emulator's clock; 0 for one that is answered at once
    token    what it is gone on with, where the outcome is requires_continuation
    events   the stream, each payload with its event_id
    """

    id: str
    asked: Json = field(repr=False)
    input: Sequence[Json] = field(repr=False)
    steps: Sequence[Step] = field(repr=False)
    outcome: str
    usage: Json = field(repr=False)
    created: float
    takes: float = 0.0
    token: str = ""
    errors: Sequence[Json] = ()
    environment_id: str = ""
    events: Sequence[Json] = field(default=(), repr=False)
    cancelled: float | None = None

    @property
    def ends(self) -> float:
        return self.created + self.takes

    @property
    def background(self) -> bool:
        return bool(self.asked.get("background"))

    def status(self, now: float) -> str:
        if self.cancelled is not None:
            return "cancelled"
        if now < self.created + self.takes / 3 and self.asked.get("service_tier") == "deferred":
            return "queued"
        return "in_progress" if now < self.ends else self.outcome

    def is_over(self, now: float) -> bool:
        return self.status(now) not in {"queued", "in_progress"}

    def progress(self, now: float) -> float:
        """The part of its time that has passed, up to 1."""
        until = now if self.cancelled is None else self.cancelled
        return min((until - self.created) / self.takes, 1.0) if self.takes else 1.0

    def cancel(self, now: float) -> None:
        """What is over stays as it is."""
        if not self.is_over(now):
            self.cancelled = now

    def resource(self, now: float, *, whole: bool = False) -> Json:
        """As the API tells it; `whole` is how a later get does, with what was asked."""
        status, over = self.status(now), self.is_over(now)
        steps = [step.whole() for step in self.steps]
        told: Json = self.identity(now) | {"steps": steps[: int(len(steps) * self.progress(now))]}
        if whole:
            told |= {name: self.asked[name] for name in _ECHOED if name in self.asked}
        elif "previous_interaction_id" in self.asked:
            told["previous_interaction_id"] = self.asked["previous_interaction_id"]
        if self.environment_id:
            told["environment_id"] = self.environment_id
        if over and status != "cancelled":
            told["usage"] = self.usage
            told |= {"continuation_token": self.token} if self.token else {}
            told |= {"errors": list(self.errors)} if self.errors else {}
        return {name: value for name, value in told.items() if value != []}

    def identity(self, now: float) -> Json:
        """What every form of it tells: id, object, status, model or agent, times."""
        ended = self.cancelled if self.cancelled is not None else self.ends
        kind = "model" if "model" in self.asked else "agent"
        return {
            "id": self.id,
            "object": "interaction",
            "status": self.status(now),
            kind: self.asked[kind],
            "created": timestamp(self.created),
            "updated": timestamp(ended if self.is_over(now) else now),
            **({"service_tier": self.asked["service_tier"]} if "service_tier" in self.asked else {}),
        }


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Where an answer can be gone on with.

    interaction  whose it is; it must be named with the token if it is `stored`
    model        which alone can go on with it
    left         what there is still to say, and the `outcome` then
    """

    interaction: str
    stored: bool
    model: str
    left: Sequence[Step] = field(repr=False)
    outcome: str
    errors: Sequence[Json] = ()


class Interactions:
    """A project's interactions by id, and the checkpoints by token. Used under the state's lock."""

    def __init__(self) -> None:
        self._by_id: dict[str, Interaction] = {}
        self._checkpoints: dict[str, Checkpoint] = {}
        self._open: list[Interaction] = []

    def store(self, interaction: Interaction) -> None:
        self._by_id[interaction.id] = interaction
        self._open.append(interaction)

    def ended(self, now: float) -> list[Interaction]:
        """Those that are over and were not asked for so before."""
        over = [one for one in self._open if one.is_over(now)]
        self._open = [one for one in self._open if not one.is_over(now)] if over else self._open
        return over

    def get(self, id: str, now: float) -> Interaction:
        """Raises Refused, with one text for what is foreign, gone and never was."""
        interaction = self._by_id.get(id)
        if interaction is None or interaction.created + LIFETIME <= now:
            raise refuse_in_words(404, "Requested entity was not found.")
        return interaction

    def delete(self, id: str, now: float) -> None:
        del self._by_id[self.get(id, now).id]

    def chain(self, id: str, now: float) -> list[Interaction]:
        """The interaction and those before it that are still there, oldest first; raises Refused for the first."""
        found = [self.get(id, now)]
        while (id := found[-1].asked.get("previous_interaction_id", "")) in self._by_id:
            found.append(self._by_id[id])
        return found[::-1]

    def checkpoint(self, checkpoint: Checkpoint) -> str:
        """A new token for it."""
        token = base64.urlsafe_b64encode(secrets.token_bytes(48)).decode()
        self._checkpoints[token] = checkpoint
        return token

    def checkpointed(self, token: str) -> Checkpoint:
        """Raises Refused for a token that this project was not given."""
        checkpoint = self._checkpoints.get(token)
        if checkpoint is None:
            raise refuse_in_words(400, "The continuation_token is invalid or has expired.")
        return checkpoint


def new_id() -> str:
    """`v1_` and, in base64, a message of two response ids."""
    one, two = (base64.urlsafe_b64encode(secrets.token_bytes(15)) for _ in range(2))
    message = b"\x0a" + bytes([len(one)]) + one + b"\x12" + bytes([len(two)]) + two
    return "v1_" + base64.urlsafe_b64encode(message).decode().rstrip("=")
