"""A user of google-genai's interactions, with its ordinary client and the asynchronous one over aiohttp and httpx.

The plan comes as one line of JSON on standard input: `url` and `other` (two nodes), `key`, `passing` (a key that
expires while the program waits), `model`, `cuts` (the number of streams that are cut, each one event later), `foreign`
(an interaction of another group), and `clients`: for each manner of use the suffix of the models broken for it.
What came of it goes as one line to standard output, and after another line of input what came of the third turn.
"""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Callable
from typing import Any

from keeping import new_client, plan, tell, wait

slept: list[float] = []


async def _no_sleep(seconds: float, result: Any = None, real: Any = asyncio.sleep) -> Any:
    slept.append(seconds)
    return await real(0, result)


# Between two tries the SDK sleeps as long as an answer says: here it is told and not done.
time.sleep, asyncio.sleep = slept.append, _no_sleep


class User:
    """One client, at either node, and the same with the key that expires."""

    def __init__(self, transport: str, suffix: str) -> None:
        others: list[dict[str, str]] = [{}, {"url": plan["other"]}, {"key": plan["passing"]}]
        self.clients = [new_client(transport, **other) for other in others]
        self.here, self.there, self.passing = [
            (client if transport == "sync" else client.aio).interactions for client in self.clients
        ]
        self.suffix = suffix

    async def streamed(self, text: str, model: str = "", at: Any = None, **more: Any) -> dict[str, Any]:
        return await heard((at or self.here).create, model=self.model(model), input=text, stream=True, **more)

    def model(self, name: str) -> str:
        return f"{name}-{self.suffix}" if name else plan["model"]

    async def begin(self) -> dict[str, Any]:
        first = await self.streamed("Hello")
        self.second = await self.streamed("Again", at=self.there, previous_interaction_id=first["id"])
        plain = await result(self.here.create(model=self.model("plain"), input="Hello"))
        job = await result(self.passing.create(model=plan["model"], input="Hello", background=True))
        self.job, foreign, create = job.id, plan["foreign"], self.here.create
        slept.clear()
        return {
            "turns": [first, self.second],
            "resumed": await heard(self.here.get, first["id"], stream=True, last_event_id=first["events"][2]),
            "dropped": await self.streamed("Hello", "dropped"),
            "hop": await self.streamed("Hello", "hop"),
            "loose": await self.streamed("Hello", "loose", store=False),
            "plain": [plain.status, plain.output_text],
            "cuts": [await self.streamed("Hello", f"cut-{number}") for number in range(plan["cuts"])],
            "foreign": [
                await refusal(self.here.get, foreign),
                await refusal(create, model=plan["model"], input="Hello", previous_interaction_id=foreign),
            ],
            "spent": await refusal(
                create, model=self.model("spent"), input="Hello", previous_interaction_id=first["id"]
            ),
            "slept": max(slept),
            "job": self.job,
        }

    async def end(self) -> dict[str, Any]:
        third = await self.streamed("And again", previous_interaction_id=self.second["id"])
        return {"third": third, "expired": await refusal(self.passing.get, self.job)}


async def result(call: Any) -> Any:
    return await call if inspect.isawaitable(call) else call


async def heard(method: Callable[..., Any], *given: Any, **named: Any) -> dict[str, Any]:
    """What a stream has told, and the class of the error that it ended with."""
    told: dict[str, Any] = {"id": "", "text": "", "events": [], "raised": ""}
    try:
        stream = await result(method(*given, **named))
        while (event := await following(stream)) is not None:
            if event.event_type == "interaction.created":
                told["id"] = event.interaction.id
            if event.event_type == "step.delta":
                told["text"] += getattr(event.delta, "text", "")
            if event.event_id:
                told["events"].append(event.event_id)
    except Exception as error:
        told["raised"] = type(error).__name__
    return told


async def following(stream: Any) -> Any:
    return await anext(stream, None) if hasattr(stream, "__anext__") else next(stream, None)


async def refusal(method: Callable[..., Any], *given: Any, **named: Any) -> list[Any]:
    """The class of the error, its status and code, and for how many seconds it says to wait."""
    try:
        await result(method(*given, **named))
    except Exception as error:
        seconds = error.response.headers.get("retry-after", 0)
        return [type(error).__name__, error.status_code, error.body["error"]["code"], int(seconds)]
    return []


async def main() -> None:
    users = {name: User(name, suffix) for name, suffix in plan["clients"].items()}
    tell({name: await user.begin() for name, user in users.items()})
    wait()
    tell({name: await user.end() for name, user in users.items()})


asyncio.run(main())
