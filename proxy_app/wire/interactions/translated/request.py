"""The request of an interaction without state as one of generateContent.

What upstream can judge itself (numbers, schemas, base64) goes as it came. What generateContent has no way to say is
refused by name, never left out.
"""

from collections.abc import Callable
from typing import Any, Final

import msgspec
from msgspec import Raw

from proxy_app.wire.bodies.bodies import Body
from proxy_app.wire.interactions.translated import config
from proxy_app.wire.interactions.translated.contents import contents
from proxy_app.wire.interactions.translated.refusals import NeedsPublicApi, is_given, quoted, read, required, string
from proxy_app.wire.interactions.translated.tools import tool_config, tools

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
    _check_stateless(body)
    for name in ("model", "input"):
        if not is_given(body.get(name, Raw())):
            raise required(name)
    made: Body = {"contents": contents(body["input"])}
    if is_given(instruction := body.get("system_instruction", Raw())):
        part = {"text": string(instruction, "system_instruction")}
        made["systemInstruction"] = Raw(_encode({"role": "user", "parts": [part]}))
    for name, field, translate in _VALUES:
        if is_given(value := body.get(name, Raw())):
            made[field] = translate(value)
    if is_given(choice := config.tool_choice(body)):
        made["toolConfig"] = tool_config(choice)
    if generation_config := config.generation_config(body):
        made["generationConfig"] = Raw(_encode(generation_config))
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


def _safety(value: Raw) -> Raw:
    settings: list[dict[str, Any]] = []
    for setting in read(_decode_safety, value, "safety_settings"):
        category = setting.type.upper()
        method = {"method": setting.method.upper()} if setting.method else {}
        settings.append({"category": f"HARM_CATEGORY_{category}", "threshold": setting.threshold.upper(), **method})
    return Raw(_encode(settings))


def _as_it_is(value: Raw) -> Raw:
    return value


_VALUES: tuple[tuple[str, str, Callable[[Raw], Raw]], ...] = (
    ("tools", "tools", tools),
    ("safety_settings", "safetySettings", _safety),
    ("labels", "labels", _as_it_is),
)
