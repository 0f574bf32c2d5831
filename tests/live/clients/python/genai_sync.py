"""A user of google-genai's ordinary client."""

from __future__ import annotations

import base64
import functools
from typing import Any

from google import genai
from google.genai import types
from pydantic import BaseModel
from walking import FIRST_TURN, INSTRUCTION, PROMPT, RECIPE, SECOND_TURN, WEATHER, Heard, read_plan, walk

plan = read_plan()
models, trials = plan["models"], plan["trials"]


class Recipe(BaseModel):
    name: str
    servings: int
    ingredients: list[str]


@functools.cache  # a client that is garbage-collected closes connections that streams still use
def new_client(key: str) -> genai.Client:
    return genai.Client(api_key=key, http_options=types.HttpOptions(base_url=plan["url"], timeout=20_000))


client = new_client(plan["key"])


def generate(heard: Heard) -> dict[str, Any]:
    config = types.GenerateContentConfig(system_instruction=INSTRUCTION, temperature=0.5)
    response = client.models.generate_content(model=models["plain"], contents=PROMPT, config=config)
    assert response.candidates and response.usage_metadata
    finish = response.candidates[0].finish_reason
    return {"text": response.text, "finish": finish and finish.name, "version": response.model_version}


def stream(heard: Heard) -> dict[str, Any]:
    finish = None
    for chunk in client.models.generate_content_stream(model=models["slow"], contents=PROMPT):
        heard.piece(chunk.text)
        finish = chunk.candidates[0].finish_reason if chunk.candidates else finish
    return {"finish": finish and finish.name}


def chat(heard: Heard) -> dict[str, Any]:
    conversation = client.chats.create(model=models["plain"])
    texts = [conversation.send_message(FIRST_TURN).text, conversation.send_message(SECOND_TURN).text]
    return {"texts": texts, "history": len(conversation.get_history(curated=True))}


def chat_stream(heard: Heard) -> dict[str, Any]:
    conversation = client.chats.create(model=models["plain"])
    texts = [
        "".join(chunk.text or "" for chunk in conversation.send_message_stream(said))
        for said in (FIRST_TURN, SECOND_TURN)
    ]
    return {"texts": texts, "history": len(conversation.get_history(curated=True))}


def tools(heard: Heard) -> dict[str, Any]:
    """Automatic function calling: the SDK calls the function and sends the model's signed call back with its result."""
    asked = []

    def get_weather(city: str) -> dict[str, str]:
        """Tells the weather in a city right now."""
        asked.append(city)
        return {"weather": f"22 degrees in {city}"}

    config = types.GenerateContentConfig(tools=[get_weather])
    response = client.models.generate_content(model=models["signing"], contents=WEATHER, config=config)
    return {"asked": asked, "text": response.text}


def structured(heard: Heard) -> dict[str, Any]:
    config = types.GenerateContentConfig(response_mime_type="application/json", response_schema=Recipe)
    response = client.models.generate_content(model=models["plain"], contents=RECIPE, config=config)
    assert isinstance(response.parsed, Recipe)
    return {"recipe": response.parsed.model_dump()}


def image(heard: Heard) -> dict[str, Any]:
    part = types.Part.from_bytes(data=base64.b64decode(plan["image"]), mime_type="image/png")
    response = client.models.generate_content(model=models["plain"], contents=[part, "What is in this picture?"])
    return {"text": response.text}


def count(heard: Heard) -> dict[str, Any]:
    counted = client.models.count_tokens(model=models["plain"], contents=PROMPT)
    response = client.models.generate_content(model=models["plain"], contents=PROMPT)
    assert response.usage_metadata
    return {"total": counted.total_tokens, "prompt": response.usage_metadata.prompt_token_count}


def list_models(heard: Heard) -> dict[str, Any]:
    pager = client.models.list(config={"page_size": 3})
    return {"first_page": len(pager.page), "names": [model.name for model in pager]}


def get_model(heard: Heard) -> dict[str, Any]:
    model = client.models.get(model=models["plain"])
    return {"name": model.name, "input": model.input_token_limit, "output": model.output_token_limit}


def leave(heard: Heard) -> dict[str, Any]:
    chunks = client.models.generate_content_stream(model=models["leave"], contents=PROMPT)
    heard.piece(next(chunks).text)
    chunks.close()
    return {}


def tried(trial: dict[str, Any], heard: Heard) -> None:
    new_client(trial["key"]).models.generate_content(model=trial["model"], contents=PROMPT)


def tried_stream(trial: dict[str, Any], heard: Heard) -> None:
    caller = new_client(trial["key"])
    for chunk in caller.models.generate_content_stream(model=trial["model"], contents=PROMPT):
        heard.piece(chunk.text)


walk(
    [generate, stream, chat, chat_stream, tools, structured, image, count, list_models, get_model, leave],
    {name: functools.partial(tried_stream if trial["stream"] else tried, trial) for name, trial in trials.items()},
)
