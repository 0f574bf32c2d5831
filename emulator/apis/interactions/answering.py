"""Who answers an interaction, and what: a model, an agent, or a model that goes on where it stopped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from emulator.answers import tokens
from emulator.answers.answer import Answer
from emulator.answers.conversation import Conversation
from emulator.answers.interactions.agents import REPORT, agent_steps, words_of
from emulator.answers.interactions.asked import request_of
from emulator.answers.interactions.told import outcome_of, steps_of, usage_of
from emulator.apis.generation import compose, find_model
from emulator.apis.interactions.environments import environment_for
from emulator.apis.models import asking_of, spend
from emulator.state.models import Model, models_for
from emulator.state.resources.blobs import Blob
from emulator.state.resources.interactions.agents import DEEP_RESEARCH, GOOGLES
from emulator.state.resources.interactions.steps import Step
from emulator.wire import faults
from emulator.wire.errors import Refused
from emulator.wire.public.worded import refuse_in_words
from emulator.wire.replies import Json

if TYPE_CHECKING:
    from emulator.apis.call import Call
    from emulator.state.google import Google

# What agents think with.
_ENGINE = "gemini-3.5-flash"


@dataclass(slots=True)
class Composed:
    """What is answered, before it is told."""

    told: Answer
    steps: Sequence[Step]
    outcome: str
    errors: Sequence[Json] = ()
    environment_id: str = ""
    given: Sequence[Json] = field(default=(), repr=False)


def answered(google: Google, call: Call, asked: Json, given: Sequence[Json]) -> Composed:
    """The answer to a checked request with these steps of input; raises Refused."""
    steps = [*_before(call, asked), *given]
    if "agent" in asked:
        return _by_agent(google, call, asked, steps, given)
    model = named_model(call, asked["model"])
    inner = request_of(asked, steps)
    if "continuation_token" in asked:
        return _gone_on(call, asked, model, inner, given)
    asking = asking_of(google, call, inner, model)
    environment = environment_for(call, asked.get("environment"))
    told = compose(asking, inner, model, google.prompt_cache)
    outcome, errors = outcome_of(told)
    made = Composed(told, steps_of(told, Conversation(inner).prompt, asking.binding), outcome, errors, given=given)
    made.environment_id = environment.id if environment else ""
    return made


def _by_agent(google: Google, call: Call, asked: Json, conversation: Sequence[Json], given: Sequence[Json]) -> Composed:
    """What an agent does: Google's own, or one of the project's with its instruction, tools and environment."""
    id, agents = asked["agent"], call.project.agents
    agent: Json = {} if id in GOOGLES else agents.get(id)
    base = agents.base_of(agent) if agent else id
    if base in DEEP_RESEARCH and not asked.get("background"):
        raise refuse_in_words(400, f"The agent '{id}' requires background=true.")
    config = {**agent.get("agent_config", {}), **asked.get("agent_config", {})}
    taken_over: Json = {name: agent[name] for name in ("system_instruction", "tools") if name in agent}
    inner = request_of({**taken_over, **asked, "agent_config": config}, conversation)
    model = named_model(call, config["model"]) if "model" in config else models_for(None)[_ENGINE]
    asking = asking_of(google, call, inner, model)
    environment = environment_for(call, asked.get("environment") or agent.get("base_environment"))
    told = compose(asking, inner, model, google.prompt_cache, counted_as=id)
    steps = agent_steps(told, Conversation(inner).prompt, asking.binding, writes=environment is not None)
    outcome, errors = outcome_of(told)
    if (most := config.get("max_total_tokens")) and usage_of(told, steps)["total_tokens"] > most:
        outcome = "budget_exceeded"
    if environment is not None and outcome != "requires_action":
        environment.write(REPORT, Blob.of(words_of(steps).encode("utf-8", "replace")), call.now)
    return Composed(told, steps, outcome, errors, environment.id if environment else "", given)


def named_model(call: Call, name: str) -> Model:
    """The model of this id, if it takes part in interactions; raises Refused."""
    model = find_model(call.owner, name)
    if model is None or model.internal or not model.does("generateContent"):
        raise Refused(faults.model_not_found(call.scene(name)))
    return model


def _before(call: Call, asked: Json) -> list[Json]:
    """The steps of the conversation so far."""
    id = asked.get("previous_interaction_id")
    if not id:
        return []
    steps: list[Json] = []
    for one in call.project.interactions.chain(id, call.now):
        steps += [*one.input, *(step.whole() for step in one.steps)]
    return steps


def _gone_on(call: Call, asked: Json, model: Model, inner: Json, given: Sequence[Json]) -> Composed:
    """What is left of an answer that stopped at a checkpoint."""
    checkpoint = call.project.interactions.checkpointed(asked["continuation_token"])
    named = asked.get("previous_interaction_id", "")
    if checkpoint.stored and named != checkpoint.interaction:
        raise refuse_in_words(
            400, "'previous_interaction_id' must be the interaction that the continuation_token is of."
        )
    if not checkpoint.stored and not given:
        raise refuse_in_words(400, "'input' is required with a continuation_token where nothing is stored.")
    if checkpoint.model != model.id:
        raise refuse_in_words(400, "The continuation_token is of another model.")
    spend(call, model)
    told = Answer([], tokens.count_prompt(inner))
    return Composed(told, checkpoint.left, checkpoint.outcome, checkpoint.errors, given=given)
