"""A user of google-generativeai, the SDK before google-genai, set up as its users do for a gateway: over REST."""

from __future__ import annotations

import base64
import functools
import json
import warnings
from typing import Any

warnings.simplefilter("ignore")  # it warns of its own deprecation

import google.generativeai as genai  # noqa: E402
import typing_extensions as typing  # noqa: E402
from walking import (  # noqa: E402
    FIRST_TURN,
    INSTRUCTION,
    PROMPT,
    RECIPE,
    SECOND_TURN,
    WEATHER,
    Heard,
    read_plan,
    walk,
)

plan = read_plan()
models, trials = plan["models"], plan["trials"]

# By default the SDK repeats a 503 for ten minutes; its users turn that off so.
ONCE = {"timeout": 20, "retry": None}


class Recipe(typing.TypedDict):
    name: str
    servings: int
    ingredients: list[str]


def configure(key: str) -> None:
    genai.configure(api_key=key, transport="rest", client_options={"api_endpoint": plan["url"]})


def generate(heard: Heard) -> dict[str, Any]:
    model = genai.GenerativeModel(models["plain"], system_instruction=INSTRUCTION)
    response = model.generate_content(PROMPT, generation_config={"temperature": 0.5})
    finish = response.candidates[0].finish_reason.name
    return {"text": response.text, "finish": finish, "version": response._result.model_version}


def stream(heard: Heard) -> dict[str, Any]:
    finish = None
    for chunk in genai.GenerativeModel(models["slow"]).generate_content(PROMPT, stream=True):
        heard.piece(chunk.text)
        finish = chunk.candidates[0].finish_reason.name
    return {"finish": finish}


def chat(heard: Heard) -> dict[str, Any]:
    conversation = genai.GenerativeModel(models["plain"]).start_chat()
    texts = [conversation.send_message(said).text for said in (FIRST_TURN, SECOND_TURN)]
    return {"texts": texts, "history": len(conversation.history)}


def chat_stream(heard: Heard) -> dict[str, Any]:
    conversation = genai.GenerativeModel(models["plain"]).start_chat()
    texts = [
        "".join(chunk.text for chunk in conversation.send_message(said, stream=True))
        for said in (FIRST_TURN, SECOND_TURN)
    ]
    return {"texts": texts, "history": len(conversation.history)}


def tools(heard: Heard) -> dict[str, Any]:
    """With the plain model: this SDK has no field for thought signatures and loses them."""
    asked = []

    def get_weather(city: str) -> dict[str, str]:
        """Tells the weather in a city right now."""
        asked.append(city)
        return {"weather": f"22 degrees in {city}"}

    model = genai.GenerativeModel(models["plain"], tools=[get_weather])
    response = model.start_chat(enable_automatic_function_calling=True).send_message(WEATHER)
    return {"asked": asked, "text": response.text}


def structured(heard: Heard) -> dict[str, Any]:
    config = genai.GenerationConfig(response_mime_type="application/json", response_schema=Recipe)
    response = genai.GenerativeModel(models["plain"]).generate_content(RECIPE, generation_config=config)
    return {"recipe": json.loads(response.text)}


def image(heard: Heard) -> dict[str, Any]:
    part = {"mime_type": "image/png", "data": base64.b64decode(plan["image"])}
    response = genai.GenerativeModel(models["plain"]).generate_content([part, "What is in this picture?"])
    return {"text": response.text}


def count(heard: Heard) -> dict[str, Any]:
    model = genai.GenerativeModel(models["plain"])
    response = model.generate_content(PROMPT)
    return {"total": model.count_tokens(PROMPT).total_tokens, "prompt": response.usage_metadata.prompt_token_count}


def list_models(heard: Heard) -> dict[str, Any]:
    return {"names": [model.name for model in genai.list_models(page_size=3)]}


def get_model(heard: Heard) -> dict[str, Any]:
    model = genai.get_model(f"models/{models['plain']}")
    return {"name": model.name, "input": model.input_token_limit, "output": model.output_token_limit}


def tried(trial: dict[str, Any], heard: Heard) -> None:
    configure(trial["key"])
    genai.GenerativeModel(trial["model"]).generate_content(PROMPT, request_options=ONCE)


def tried_stream(trial: dict[str, Any], heard: Heard) -> None:
    configure(trial["key"])
    for chunk in genai.GenerativeModel(trial["model"]).generate_content(PROMPT, stream=True, request_options=ONCE):
        # An error inside the array is a chunk without candidates here, at which `chunk.text` would raise a ValueError.
        for candidate in chunk.candidates:
            heard.piece("".join(part.text for part in candidate.content.parts))


configure(plan["key"])
walk(
    [generate, stream, chat, chat_stream, tools, structured, image, count, list_models, get_model],
    {name: functools.partial(tried_stream if trial["stream"] else tried, trial) for name, trial in trials.items()},
)
