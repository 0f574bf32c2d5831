"""A user of google-genai's asynchronous client, over `aiohttp` or `httpx` as the first argument says."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import functools
import importlib
import sys
from typing import Any

from google import genai
from google.genai import types
from pydantic import BaseModel
from walking import FIRST_TURN, INSTRUCTION, PROMPT, RECIPE, SECOND_TURN, WEATHER, Heard, read_plan, walk_async

plan = read_plan()
models, trials = plan["models"], plan["trials"]


class Recipe(BaseModel):
    name: str
    servings: int
    ingredients: list[str]


def new_client(key: str) -> genai.client.AsyncClient:
    options = types.HttpOptions(base_url=plan["url"], timeout=20_000)
    if sys.argv[1] == "httpx":
        # Google's SDK prefers aiohttp wherever it is installed; users who want httpx pass a client of their own.
        library = importlib.import_module("httpx2" if genai.__version__.startswith("3.") else "httpx")
        options.httpx_async_client = library.AsyncClient(timeout=20)
    return genai.Client(api_key=key, http_options=options).aio


async def generate(client: genai.client.AsyncClient, heard: Heard) -> dict[str, Any]:
    config = types.GenerateContentConfig(system_instruction=INSTRUCTION, temperature=0.5)
    response = await client.models.generate_content(model=models["plain"], contents=PROMPT, config=config)
    assert response.candidates and response.usage_metadata
    finish = response.candidates[0].finish_reason
    return {"text": response.text, "finish": finish and finish.name, "version": response.model_version}


async def stream(client: genai.client.AsyncClient, heard: Heard) -> dict[str, Any]:
    finish = None
    async for chunk in await client.models.generate_content_stream(model=models["slow"], contents=PROMPT):
        heard.piece(chunk.text)
        finish = chunk.candidates[0].finish_reason if chunk.candidates else finish
    return {"finish": finish and finish.name}


async def crowd(client: genai.client.AsyncClient, heard: Heard) -> list[dict[str, Any]]:
    """Many streams at the same time."""
    streams = [Heard() for _ in range(20)]
    await asyncio.gather(*(stream(client, one) for one in streams))
    return [{"pieces": one.pieces, "at": one.at} for one in streams]


async def chat(client: genai.client.AsyncClient, heard: Heard) -> dict[str, Any]:
    conversation = client.chats.create(model=models["plain"])
    texts = [(await conversation.send_message(said)).text for said in (FIRST_TURN, SECOND_TURN)]
    return {"texts": texts, "history": len(conversation.get_history(curated=True))}


async def chat_stream(client: genai.client.AsyncClient, heard: Heard) -> dict[str, Any]:
    conversation = client.chats.create(model=models["plain"])
    texts = []
    for said in (FIRST_TURN, SECOND_TURN):
        texts.append("".join([chunk.text or "" async for chunk in await conversation.send_message_stream(said)]))
    return {"texts": texts, "history": len(conversation.get_history(curated=True))}


async def tools(client: genai.client.AsyncClient, heard: Heard) -> dict[str, Any]:
    asked = []

    async def get_weather(city: str) -> dict[str, str]:
        """Tells the weather in a city right now."""
        asked.append(city)
        return {"weather": f"22 degrees in {city}"}

    config = types.GenerateContentConfig(tools=[get_weather])
    response = await client.models.generate_content(model=models["signing"], contents=WEATHER, config=config)
    return {"asked": asked, "text": response.text}


async def structured(client: genai.client.AsyncClient, heard: Heard) -> dict[str, Any]:
    config = types.GenerateContentConfig(response_mime_type="application/json", response_schema=Recipe)
    response = await client.models.generate_content(model=models["plain"], contents=RECIPE, config=config)
    assert isinstance(response.parsed, Recipe)
    return {"recipe": response.parsed.model_dump()}


async def image(client: genai.client.AsyncClient, heard: Heard) -> dict[str, Any]:
    part = types.Part.from_bytes(data=base64.b64decode(plan["image"]), mime_type="image/png")
    response = await client.models.generate_content(model=models["plain"], contents=[part, "What is in this picture?"])
    return {"text": response.text}


async def count(client: genai.client.AsyncClient, heard: Heard) -> dict[str, Any]:
    counted = await client.models.count_tokens(model=models["plain"], contents=PROMPT)
    response = await client.models.generate_content(model=models["plain"], contents=PROMPT)
    assert response.usage_metadata
    return {"total": counted.total_tokens, "prompt": response.usage_metadata.prompt_token_count}


async def list_models(client: genai.client.AsyncClient, heard: Heard) -> dict[str, Any]:
    pager = await client.models.list(config={"page_size": 3})
    return {"first_page": len(pager.page), "names": [model.name async for model in pager]}


async def get_model(client: genai.client.AsyncClient, heard: Heard) -> dict[str, Any]:
    model = await client.models.get(model=models["plain"])
    return {"name": model.name, "input": model.input_token_limit, "output": model.output_token_limit}


async def leave(client: genai.client.AsyncClient, heard: Heard) -> dict[str, Any]:
    async for chunk in await client.models.generate_content_stream(model=models["leave"], contents=PROMPT):
        heard.piece(chunk.text)
        break
    return {}


async def tried(trial: dict[str, Any], client: genai.client.AsyncClient, heard: Heard) -> None:
    await client.models.generate_content(model=trial["model"], contents=PROMPT)


async def tried_stream(trial: dict[str, Any], client: genai.client.AsyncClient, heard: Heard) -> None:
    async for chunk in await client.models.generate_content_stream(model=trial["model"], contents=PROMPT):
        heard.piece(chunk.text)


async def main() -> None:
    ordinary = (
        *(generate, stream, crowd, chat, chat_stream, tools, structured, image, count, list_models, get_model),
        leave,
    )
    async with contextlib.AsyncExitStack() as open_clients:
        keys = {plan["key"], *(trial["key"] for trial in trials.values())}
        clients = {key: await open_clients.enter_async_context(new_client(key)) for key in keys}
        steps = {step.__name__: functools.partial(step, clients[plan["key"]]) for step in ordinary}
        for name, trial in trials.items():
            steps[name] = functools.partial(tried_stream if trial["stream"] else tried, trial, clients[trial["key"]])
        await walk_async(steps)


asyncio.run(main())
