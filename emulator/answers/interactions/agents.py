"""What an agent does for an answer: it thinks, searches, thinks again, works in its environment, and reports."""

from __future__ import annotations

from emulator.answers import tokens
from emulator.answers.answer import Answer
from emulator.answers.interactions.told import steps_of, thought, tool_steps
from emulator.answers.signatures import sign
from emulator.state.resources.interactions.steps import Step

# What it leaves in its environment.
REPORT = "report.md"

_LONGEST_QUERY = 80


def agent_steps(told: Answer, prompt: str, binding: str | None, *, writes: bool) -> list[Step]:
    """The steps, of which the last are the model's own; `writes` a report into an environment.

    What the tools take is added to `told`. When the model calls a function, the agent waits for its result.
    """
    own = steps_of(told, prompt, binding)
    if any(step.start["type"] == "function_call" for step in own):
        return own
    steps = [step for step in own if step.start["type"] == "thought"]
    last = own[len(steps) :]
    query = " ".join(prompt.split())[:_LONGEST_QUERY].strip(" ?.!")
    if not any(step.start["type"] == "google_search_call" for step in own):
        steps += tool_steps("google_search", {"queries": [query]}, [{"search_suggestions": query}])
        told.tools += tokens.count_text(query)
    steps.append(thought([], sign(f"{prompt} found", binding)))
    if writes:
        code = f'with open("{REPORT}", "w") as report:\n    print(report.write(text), "characters")\n'
        printed = f"{len(words_of(last))} characters\n"
        steps += tool_steps("code_execution", {"language": "python", "code": code}, printed)
        told.tools += tokens.count_text(code)
    return [*steps, *last]


def words_of(steps: list[Step]) -> str:
    """What the steps say to the user."""
    deltas = [delta for step in steps if step.start["type"] == "model_output" for delta in step.deltas]
    return "".join(delta["text"] for delta in deltas if delta["type"] == "text")
