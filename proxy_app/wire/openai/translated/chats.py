"""A chat's request as one of generateContent."""

import re
from typing import Any

import msgspec
from msgspec import Raw

from proxy_app.wire.bodies.bodies import Body
from proxy_app.wire.interactions.translated.values import is_given, quoted, read, required, wrong
from proxy_app.wire.openai.translated.messages import contents


class _Function(msgspec.Struct, gc=False):
    name: str | None = None
    description: str | None = None
    parameters: Raw = Raw()


class _Tool(msgspec.Struct, gc=False):
    type: str | None = None
    function: _Function | None = None


class _Choice(msgspec.Struct, gc=False):
    type: str | None = None
    function: _Function | None = None


class _Schema(msgspec.Struct, gc=False):
    schema: Raw = Raw()


class _Format(msgspec.Struct, gc=False):
    type: str | None = None
    json_schema: _Schema | None = None


class _Google(msgspec.Struct, gc=False):
    thinking_config: Raw = Raw()
    cached_content: Raw = Raw()
    safety_settings: Raw = Raw()


class _Extra(msgspec.Struct, gc=False):
    google: _Google | None = None


_decode_tools = msgspec.json.Decoder(list[_Tool]).decode
_decode_choice = msgspec.json.Decoder(_Choice | str).decode
_decode_format = msgspec.json.Decoder(_Format).decode
_decode_extra = msgspec.json.Decoder(_Extra).decode
_decode_texts = msgspec.json.Decoder(list[str] | str).decode
_decode_text = msgspec.json.Decoder(str).decode
_encode = msgspec.json.Encoder().encode

# What upstream judges itself.
_AS_IT_IS = {
    "temperature": "temperature",
    "top_p": "topP",
    "n": "candidateCount",
    "seed": "seed",
    "presence_penalty": "presencePenalty",
    "frequency_penalty": "frequencyPenalty",
    "max_tokens": "maxOutputTokens",
    "max_completion_tokens": "maxOutputTokens",
}
_MODES = {"none": "NONE", "auto": "AUTO", "required": "ANY"}

# Google's own values for OpenAI's words: older models have a budget of tokens, newer ones levels.
_BUDGETS = {"none": 0, "minimal": 1024, "low": 1024, "medium": 8192, "high": 24576, "xhigh": 24576}
_LEVELS = {
    "none": "minimal",
    "minimal": "minimal",
    "low": "low",
    "medium": "medium",
    "high": "high",
    "xhigh": "high",
}
_GENERATION = re.compile(r"gemini-(\d+)")
_FIRST_WITH_LEVELS = 3
_TWO_WAYS = "Expected one of either `reasoning_effort` or custom `thinking_config`; found both"


def translated(body: Body, model: str) -> Body:
    """The fields of generateContent's request that ask for the same of `model`. Raises Malformed.

    What only OpenAI's own servers know (`user`, `store`, `logprobs` …) is left out, as Google's layer does.
    """
    said, instruction = contents(_given(body, "messages"))
    if not said:
        raise wrong("messages", "one of the user's is needed")
    google = _google(body)
    made: dict[str, Any] = {"contents": said}
    if instruction:
        made["systemInstruction"] = {"role": "user", "parts": instruction}
    if tools := _tools(_given(body, "tools")):
        made["tools"] = [{"functionDeclarations": tools}]
    if is_given(choice := _given(body, "tool_choice")):
        made["toolConfig"] = {"functionCallingConfig": _calling(choice)}
    if config := _config(body, google, model):
        made["generationConfig"] = config
    for name, value in (("safetySettings", google.safety_settings), ("cachedContent", google.cached_content)):
        if is_given(value):
            made[name] = value
    return {name: Raw(_encode(value)) for name, value in made.items()}


def _given(body: Body, name: str) -> Raw:
    return body.get(name, Raw())


def _google(body: Body) -> _Google:
    extra = _given(body, "extra_body")
    return (read(_decode_extra, extra, "extra_body").google if is_given(extra) else None) or _Google()


def _tools(value: Raw) -> list[dict[str, Any]]:
    declared: list[dict[str, Any]] = []
    for number, tool in enumerate(read(_decode_tools, value, "tools") if is_given(value) else ()):
        where = f"tools[{number}]"
        if tool.type not in ("function", None):
            raise wrong(f"{where}.type", f"tools of the type {quoted(tool.type)} are not known")
        if tool.function is None or not tool.function.name:
            raise required(f"{where}.function.name")
        one: dict[str, Any] = {"name": tool.function.name}
        if tool.function.description:
            one["description"] = tool.function.description
        if is_given(tool.function.parameters):
            one["parametersJsonSchema"] = tool.function.parameters
        declared.append(one)
    return declared


def _calling(value: Raw) -> dict[str, Any]:
    choice: _Choice | str = read(_decode_choice, value, "tool_choice")
    if isinstance(choice, str):
        if choice not in _MODES:
            raise wrong("tool_choice", f"{quoted(choice)} is none of {', '.join(_MODES)}")
        return {"mode": _MODES[choice]}
    if choice.type != "function" or choice.function is None or not choice.function.name:
        raise wrong("tool_choice", "only a function may be chosen")
    return {"mode": "ANY", "allowedFunctionNames": [choice.function.name]}


def _config(body: Body, google: _Google, model: str) -> dict[str, Any]:
    config: dict[str, Any] = {field: body[name] for name, field in _AS_IT_IS.items() if name in body}
    if is_given(stop := _given(body, "stop")):
        texts = read(_decode_texts, stop, "stop")
        config["stopSequences"] = [texts] if isinstance(texts, str) else texts
    if is_given(modalities := _given(body, "modalities")):
        texts = read(_decode_texts, modalities, "modalities")
        config["responseModalities"] = [each.upper() for each in ([texts] if isinstance(texts, str) else texts)]
    if is_given(wanted := _given(body, "response_format")):
        config |= _format(read(_decode_format, wanted, "response_format"))
    if thinking := _thinking(_given(body, "reasoning_effort"), google, model):
        config["thinkingConfig"] = thinking
    return config


def _format(wanted: _Format) -> dict[str, Any]:
    match wanted.type:
        case "text" | None:
            return {}
        case "json_object":
            return {"responseMimeType": "application/json"}
        case "json_schema":
            schema = wanted.json_schema
            if schema is None or not is_given(schema.schema):
                raise required("response_format.json_schema.schema")
            return {"responseMimeType": "application/json", "responseJsonSchema": schema.schema}
    raise wrong("response_format.type", f"{quoted(wanted.type)} is none of text, json_object, json_schema")


def _thinking(effort: Raw, google: _Google, model: str) -> Raw | dict[str, Any] | None:
    """By OpenAI's word for it, or by Google's own settings."""
    own = google.thinking_config if is_given(google.thinking_config) else None
    if not is_given(effort):
        return own
    if own is not None:
        raise wrong("reasoning_effort", _TWO_WAYS)
    word = read(_decode_text, effort, "reasoning_effort")
    if word not in _BUDGETS:
        raise wrong("reasoning_effort", f"{quoted(word)} is none of {', '.join(_BUDGETS)}")
    found = _GENERATION.search(model)
    if found and int(found[1][:4]) >= _FIRST_WITH_LEVELS:
        return {"thinkingLevel": _LEVELS[word]}
    return {"thinkingBudget": _BUDGETS[word]}
