"""`chat/completions`, whole and streamed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from emulator.apis.generation import ModelCall, generate, respond
from emulator.apis.models import asking_of
from emulator.apis.openai.access import model_for
from emulator.apis.openai.completions import chunk, completion
from emulator.apis.openai.prompts import generate_request
from emulator.state.models import Model
from emulator.wire.fields import read_message
from emulator.wire.replies import Json, Reply

if TYPE_CHECKING:
    from emulator.apis.call import Call
    from emulator.state.google import Google


def completion_of(google: Google, call: Call, body: object) -> Json:
    """The whole answer to one request of a batch, which no quota counts; raises Refused."""
    asking, inner, model, _ = _understood(google, call, body)
    return completion(respond(asking, inner, model), call.now)


def _chat(google: Google, call: Call) -> Reply:
    """A stream ends with `data: [DONE]`."""
    asking, inner, model, asked = _understood(google, call, call.json_body())
    if asked.get("stream") is True:
        with_usage = bool(asked.get("streamOptions", {}).get("includeUsage"))
        asking = replace(
            asking,
            stream=True,
            style=replace(call.style, done=True),
            envelope=lambda response: chunk(response, call.now, with_usage=with_usage),
        )
    else:
        asking = replace(asking, envelope=lambda response: completion(response, call.now))
    return generate(asking, inner, model, google.prompt_cache)


def _understood(google: Google, call: Call, body: object) -> tuple[ModelCall, Json, Model, Json]:
    """How it is answered, the generate request that it stands for, its model, and the request as read."""
    asked = read_message("ChatRequest", body)
    model = model_for(call, asked.get("model", ""), "generateContent")
    inner = generate_request(asked)
    return asking_of(google, call, inner, model), inner, model, asked


METHODS: Mapping[str, Callable[[Google, Call], Reply | Json]] = {"openaiChat": _chat}
