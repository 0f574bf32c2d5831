"""A chat request of OpenAI's as the generate request that it stands for."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from emulator.wire.errors import bad_request, refuse
from emulator.wire.fields import read_message
from emulator.wire.replies import Json

_INSTRUCTING = frozenset({"system", "developer"})
_BUDGETS = {"none": 0, "minimal": 1_024, "low": 1_024, "medium": 8_192, "high": 24_576}
_MODES = {"none": "NONE", "auto": "AUTO", "required": "ANY"}
_AS_IT_IS = {
    "temperature": "temperature",
    "topP": "topP",
    "n": "candidateCount",
    "seed": "seed",
    "presencePenalty": "presencePenalty",
    "frequencyPenalty": "frequencyPenalty",
    "maxTokens": "maxOutputTokens",
    "maxCompletionTokens": "maxOutputTokens",
}


def generate_request(asked: Json) -> Json:
    """The request in canonical spelling, as `generate` wants it; raises Refused for what has no counterpart."""
    extras = asked.get("extraBody", {}).get("google", {})
    messages = asked.get("messages", [])
    instructions = [part for one in messages if one.get("role") in _INSTRUCTING for part in _parts_of(one)]
    request: Json = {
        "contents": _contents([one for one in messages if one.get("role") not in _INSTRUCTING]),
        "systemInstruction": {"parts": instructions} if instructions else None,
        "tools": [{"functionDeclarations": [_declaration(tool) for tool in asked["tools"]]}]
        if "tools" in asked
        else None,
        "toolConfig": _tool_config(asked.get("toolChoice")),
        "generationConfig": _config(asked, extras),
        "safetySettings": extras.get("safetySettings"),
        "cachedContent": extras.get("cachedContent"),
        "serviceTier": asked.get("serviceTier"),
    }
    return read_message("PublicGenerateRequest", request)


def _contents(messages: Sequence[Json]) -> list[Json]:
    """The turns; what a tool's answer answers is found by the id of its call."""
    called = {call.get("id", ""): _name_of(call) for one in messages for call in one.get("toolCalls", ())}
    contents = []
    for index, message in enumerate(messages):
        match message.get("role"):
            case "user":
                contents.append({"role": "user", "parts": _parts_of(message)})
            case "assistant":
                calls = [_call_part(call) for call in message.get("toolCalls", ())]
                contents.append({"role": "model", "parts": [*_parts_of(message), *calls]})
            case "tool":
                name = called.get(message.get("toolCallId", "")) or str(message.get("name", ""))
                contents.append({"role": "user", "parts": [_response_part(message, name, index)]})
            case _:
                raise refuse(400, "Please use a valid role: user, model.")
    return contents


def _parts_of(message: Json) -> list[Json]:
    content = message.get("content")
    if isinstance(content, str):
        return [{"text": content, **_signature_of(message)}] if content else []
    parts = content if isinstance(content, list) else ()
    return [_part(one) for one in parts if isinstance(one, dict)]


def _part(one: Json) -> Json:
    match one.get("type"):
        case "text":
            return {"text": one.get("text", "")}
        case "image_url":
            return _media(str(_member(one, "image_url").get("url", "")))
        case "input_audio":
            audio = _member(one, "input_audio")
            return {"inlineData": {"mimeType": f"audio/{audio.get('format', 'wav')}", "data": audio.get("data", "")}}
        case kind:
            raise refuse(400, f"Invalid content part type: {kind}")


def _media(url: str) -> Json:
    head, comma, data = url.partition(",")
    if comma and head.startswith("data:"):
        return {"inlineData": {"mimeType": head.removeprefix("data:").partition(";")[0], "data": data}}
    return {"fileData": {"fileUri": url}}


def _call_part(call: Json) -> Json:
    arguments = _json(call.get("function", {}).get("arguments") or "{}")
    if not isinstance(arguments, dict):
        raise refuse(400, "Function arguments must be a JSON object.")
    return {"functionCall": {"name": _name_of(call), "args": arguments}, **_signature_of(call)}


def _response_part(message: Json, name: str, index: int) -> Json:
    if not name:
        field = f"GenerateContentRequest.contents[{index}].parts[0].function_response.name"
        raise refuse(400, f"* {field}: Name cannot be empty.\n", bad_request([(field, "Name cannot be empty.")]))
    content = "".join(str(part.get("text", "")) for part in _parts_of(message))
    told = _json(content)
    return {"functionResponse": {"name": name, "response": told if isinstance(told, dict) else {"result": content}}}


def _declaration(tool: Json) -> Json:
    function = tool.get("function", {})
    declared = {name: function[name] for name in ("name", "description") if name in function}
    return {**declared, "parametersJsonSchema": function["parameters"]} if "parameters" in function else declared


def _tool_config(choice: Any) -> Json | None:
    if choice is None:
        return None
    if isinstance(choice, dict):
        allowed = [str(_member(choice, "function").get("name", ""))]
        return {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": allowed}}
    if not isinstance(choice, str) or choice not in _MODES:
        raise refuse(400, f"Invalid value at 'tool_choice', \"{choice}\"")
    return {"functionCallingConfig": {"mode": _MODES[choice]}}


def _config(asked: Json, extras: Json) -> Json:
    config: Json = {theirs: asked[ours] for ours, theirs in _AS_IT_IS.items() if ours in asked}
    if (stop := asked.get("stop")) is not None:
        config["stopSequences"] = [stop] if isinstance(stop, str) else stop
    if "modalities" in asked:
        config["responseModalities"] = [one.upper() for one in asked["modalities"]]
    return {**config, **_format(asked.get("responseFormat", {})), **_thinking(asked, extras)}


def _format(wanted: Json) -> Json:
    match wanted.get("type", "text"):
        case "text":
            return {}
        case "json_object":
            return {"responseMimeType": "application/json"}
        case "json_schema":
            schema = wanted.get("jsonSchema", {}).get("schema")
            return {"responseMimeType": "application/json", "responseJsonSchema": schema}
        case kind:
            raise refuse(400, f"Invalid value at 'response_format.type', \"{kind}\"")


def _thinking(asked: Json, extras: Json) -> Json:
    """By OpenAI's word for it, or by Google's own settings; never by both."""
    effort, own = asked.get("reasoningEffort"), extras.get("thinkingConfig")
    if effort is not None and own is not None:
        raise refuse(400, "Expected one of either `reasoning_effort` or custom `thinking_config`; found both.")
    if effort is None:
        return {} if own is None else {"thinkingConfig": own}
    if effort not in _BUDGETS:
        raise refuse(400, f"Invalid value at 'reasoning_effort', \"{effort}\"")
    return {"thinkingConfig": {"thinkingBudget": _BUDGETS[effort]}}


def _signature_of(told: Mapping[str, Any]) -> Json:
    signature = told.get("extraContent", {}).get("google", {}).get("thoughtSignature")
    return {"thoughtSignature": signature} if signature else {}


def _name_of(call: Json) -> str:
    return str(call.get("function", {}).get("name", ""))


def _member(value: Json, name: str) -> Json:
    member = value.get(name)
    return member if isinstance(member, dict) else {}


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None
