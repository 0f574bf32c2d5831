"""The request of an interaction without state as one of generateContent.

What upstream can judge itself (numbers, schemas, base64) goes as it came. What generateContent has no way to say is
refused by name, never left out.
"""

from collections.abc import Callable
from typing import Any, Final

import msgspec
from msgspec import Raw

from proxy_app.wire.bodies.bodies import Body
from proxy_app.wire.interactions.translated.to_generate import config
from proxy_app.wire.interactions.translated.to_generate.contents import contents
from proxy_app.wire.interactions.translated.to_generate.tools import tool_config, tools
from proxy_app.wire.interactions.translated.values import NeedsPublicApi, is_given, quoted, read, required, string
from proxy_app.wire.malformed import Malformed

_FALSE: Final = b"false"
_STANDARD: Final = b'"standard"'

_NOT_STORED = "An interaction that is stored (`store` is true unless it is set to false)"
_HERE = frozenset(
    {"model", "input", "stream", "store", "system_instruction", "tools", "generation_config", "response_format"}
    | {"response_mime_type", "response_modalities", "safety_settings", "labels", "background", "service_tier"}
)


class _Safety(msgspec.Struct, gc=False):
    type: str
    threshold: str
    method: str | None = None


_decode_safety = msgspec.json.Decoder(list[_Safety]).decode
_encode = msgspec.json.Encoder().encode


def translated(body: Body) -> Body:
    """The fields of generateContent's request that ask for the same. Raises Malformed, NeedsPublicApi.

    `body` are the fields of the interaction, without those that are null.
    """
    return {name: Raw(_encode(value)) for name, value in _fields(body).items()}


def refusal(body: Body) -> Malformed | NeedsPublicApi | None:
    """Why a request is not translated; None where it is."""
    try:
        _fields(body)
    except (Malformed, NeedsPublicApi) as error:
        return error.with_traceback(None)
    return None


def _fields(body: Body) -> dict[str, Any]:
    """Raises Malformed, NeedsPublicApi."""
    _check_stateless(body)
    for name in ("model", "input"):
        if not is_given(body.get(name, Raw())):
            raise required(name)
    made: dict[str, Any] = {"contents": contents(body["input"])}
    if is_given(instruction := body.get("system_instruction", Raw())):
        part = {"text": string(instruction, "system_instruction")}
        made["systemInstruction"] = {"role": "user", "parts": [part]}
    for name, field, translate in _VALUES:
        if is_given(value := body.get(name, Raw())):
            made[field] = translate(value)
    if is_given(choice := config.tool_choice(body)):
        made["toolConfig"] = tool_config(choice)
    if generation_config := config.generation_config(body):
        made["generationConfig"] = generation_config
    return made


def _check_stateless(body: Body) -> None:
    """Raises NeedsPublicApi for what is kept, runs in the background, or is not the model's."""
    for name, value in body.items():
        if name not in _HERE and is_given(value):
            raise NeedsPublicApi(quoted(name))
    if bytes(body.get("store", Raw())) != _FALSE:
        raise NeedsPublicApi(_NOT_STORED)
    if bytes(body.get("background", Raw(_FALSE))) != _FALSE:
        raise NeedsPublicApi("An interaction in the background")
    if bytes(body.get("service_tier", Raw(_STANDARD))) != _STANDARD:
        raise NeedsPublicApi("A `service_tier` other than standard")


def _safety(value: Raw) -> list[dict[str, Any]]:
    settings: list[dict[str, Any]] = []
    for setting in read(_decode_safety, value, "safety_settings"):
        category = setting.type.upper()
        method = {"method": setting.method.upper()} if setting.method else {}
        settings.append({"category": f"HARM_CATEGORY_{category}", "threshold": setting.threshold.upper(), **method})
    return settings


def _as_it_is(value: Raw) -> Raw:
    return value


_VALUES: tuple[tuple[str, str, Callable[[Raw], Any]], ...] = (
    ("tools", "tools", tools),
    ("safety_settings", "safetySettings", _safety),
    ("labels", "labels", _as_it_is),
)
