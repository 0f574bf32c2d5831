"""A user of google-genai whose interactions are not stored: plain, streamed, and with a function, turn by turn.

The plan comes as JSON on standard input: `url`, `key`, `model`, and `interactions` and `events` as a gateway writes
them, which the SDK's own models have to accept without leniency. What the SDK returned goes to standard output.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from google import genai
from google.genai import types
from google.genai._gaos.types.interactions import Interaction, InteractionSSEEvent
from pydantic import TypeAdapter

LOOK_UP = {"type": "function", "name": "look_up", "description": "Looks up a word.", "parameters": {"type": "object"}}

plan = json.load(sys.stdin)
client = genai.Client(api_key=plan["key"], http_options=types.HttpOptions(base_url=plan["url"], timeout=60_000))


def create(given: Any, **more: Any) -> Any:
    return client.interactions.create(model=plan["model"], input=given, store=False, **more)


def kinds(events: Any) -> list[str]:
    """The events' types, each once in a row."""
    found = [event.event_type for event in events]
    return [kind for number, kind in enumerate(found) if found[number - 1 : number] != [kind]]


def dumped(steps: Any) -> list[Any]:
    return [step.model_dump(mode="json", exclude_none=True, by_alias=True) for step in steps]


def refused(**more: Any) -> Any:
    try:
        client.interactions.create(model=plan["model"], input="Hello", **more)
    except Exception as error:
        return [getattr(error, "status_code", None) or getattr(error, "code", None), str(error)]
    return None


strict = [TypeAdapter(InteractionSSEEvent).validate_python(each) for each in plan["events"]]
strict += [TypeAdapter(Interaction).validate_python(each) for each in plan["interactions"]]
plain = create("Hello there")
streamed = list(create("Hello there", stream=True))
question: Any = {"type": "user_input", "content": [{"type": "text", "text": "Look up jack"}]}
called = create([question], tools=[LOOK_UP], generation_config={"tool_choice": "any"})
steps = dumped(called.steps)
call = next(step for step in steps if step["type"] == "function_call")
result = {"type": "function_result", "call_id": call["id"], "name": call["name"], "result": {"meaning": "a boy"}}
answered = list(create([question, *steps, result], tools=[LOOK_UP], stream=True))
print(
    json.dumps(
        {
            "unknown": [repr(each) for each in strict if "UNKNOWN" in repr(each)],
            "plain": [plain.status, bool(plain.output_text), plain.usage.total_tokens],
            "streamed": kinds(streamed),
            "said": "".join(getattr(each.delta, "text", "") for each in streamed if each.event_type == "step.delta"),
            "called": [called.status, [step["type"] for step in steps]],
            "answered": [kinds(answered), answered[-1].interaction.status],
            "refused": refused(),
        }
    )
)
