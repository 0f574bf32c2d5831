"""An interaction's request as generateContent would have it: what models answer is told from that."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from emulator.answers.conversation import merged
from emulator.wire.public.interaction_bodies import refuse_value
from emulator.wire.public.worded import refuse_in_words
from emulator.wire.replies import Json

_CONFIG = {
    "max_output_tokens": "maxOutputTokens",
    "seed": "seed",
    "stop_sequences": "stopSequences",
    "temperature": "temperature",
    "top_p": "topP",
}
_TOOLS = {
    "google_search": "googleSearch",
    "url_context": "urlContext",
    "code_execution": "codeExecution",
    "google_maps": "googleMaps",
}
_FORMATS = frozenset({"text", "image", "audio", "video"})
_MODALITIES = frozenset({"text", "image", "audio", "video", "document"})


def request_of(asked: Json, steps: Sequence[Json]) -> Json:
    """The request for an interaction of `steps`, the whole conversation, in the spelling that `Conversation` reads.

    Raises Refused for what makes no sense.
    """
    inner: Json = {"contents": merged(list(_contents(steps))), "generationConfig": _config(asked)}
    if instruction := asked.get("system_instruction"):
        inner["systemInstruction"] = {"parts": [{"text": instruction}]}
    if tools := [tool for one in asked.get("tools", ()) if (tool := _tool(one))]:
        inner["tools"] = tools
    if (choice := asked.get("generation_config", {}).get("tool_choice")) is not None:
        inner["toolConfig"] = {"functionCallingConfig": _calling(choice)}
    if cache := asked.get("cached_content"):
        inner["cachedContent"] = cache if cache.startswith("cachedContents/") else f"cachedContents/{cache}"
    if tier := asked.get("service_tier"):
        inner["serviceTier"] = tier
    return inner


# -- steps ----------------------------------------------------------------------------------------------------------


def _contents(steps: Sequence[Json]) -> Iterator[Json]:
    names, signature = {step["id"]: step["name"] for step in steps if step["type"] == "function_call"}, ""
    for step in steps:
        if step["type"] == "thought":
            signature = str(step.get("signature") or "")
            continue
        role, parts = _parts(step, names)
        if parts and role == "model" and signature:
            parts[0]["thoughtSignature"] = signature
            signature = ""
        if parts:
            yield {"role": role, "parts": parts}


def _parts(step: Json, names: dict[str, str]) -> tuple[str, list[Json]]:
    """Whose a step is, the user's or the model's, and its parts: none of what Google's own tools found."""
    match step["type"]:
        case "user_input":
            return "user", [_part(content) for content in step["content"]]
        case "model_output":
            return "model", [_part(content) for content in step["content"]]
        case "function_call":
            call = {"id": step["id"], "name": step["name"], "args": step["arguments"]}
            return "model", [{"functionCall": call}]
        case "function_result":
            name = step.get("name") or names.get(step["call_id"])
            if not name:
                raise refuse_in_words(400, f"There is no function call with the id '{step['call_id']}'.")
            result = _result(step["result"])
            return "user", [{"functionResponse": {"id": step["call_id"], "name": name, "response": result}}]
        case "code_execution_call":
            code = step.get("arguments", {})
            return "model", [{"executableCode": {"language": "PYTHON", "code": str(code.get("code", ""))}}]
        case "code_execution_result":
            outcome = "OUTCOME_FAILED" if step.get("is_error") else "OUTCOME_OK"
            return "model", [{"codeExecutionResult": {"outcome": outcome, "output": str(step.get("result", ""))}}]
        case _:
            return "model", []


def _part(content: Json) -> Json:
    if content["type"] == "text":
        return {"text": content["text"]}
    mime_type = content.get("mime_type") or f"{content['type']}/*"
    if data := content.get("data"):
        return {"inlineData": {"mimeType": mime_type, "data": data}}
    typed = {"mimeType": content["mime_type"]} if content.get("mime_type") else {}
    return {"fileData": {"fileUri": str(content["uri"]), **typed}}


def _result(result: Any) -> Json:
    """A function's result, which may be content: of that the words count."""
    if isinstance(result, dict):
        return result
    if isinstance(result, list):
        result = "\n".join(str(one.get("text", "")) for one in result if isinstance(one, dict))
    try:
        read = json.loads(result) if isinstance(result, str) else result
    except ValueError:
        read = result
    return read if isinstance(read, dict) else {"result": read}


# -- tools and settings ---------------------------------------------------------------------------------------------


def _tool(tool: Json) -> Json:
    """{} for a tool that the emulator does not play."""
    kind = tool["type"]
    if kind == "function":
        if not tool.get("name"):
            raise refuse_in_words(400, "'name' is required of a function.")
        declared = {"name": tool["name"], "description": tool.get("description", "")}
        if tool.get("parameters"):
            declared["parametersJsonSchema"] = tool["parameters"]
        return {"functionDeclarations": [declared]}
    if kind == "file_search":
        names = [
            name if name.startswith("fileSearchStores/") else f"fileSearchStores/{name}"
            for name in tool.get("file_search_store_names", ())
        ]
        asked = {"topK": tool.get("top_k", 0), "metadataFilter": tool.get("metadata_filter", "")}
        return {"fileSearch": {"fileSearchStoreNames": names, **asked}}
    return {_TOOLS[kind]: {}} if kind in _TOOLS else {}


def _calling(choice: Any) -> Json:
    allowed = choice.get("allowed_tools") or {} if isinstance(choice, dict) else {"mode": choice}
    mode = str(allowed.get("mode", "auto"))
    if mode not in {"auto", "any", "none", "validated"}:
        raise refuse_value(mode, "generation_config.tool_choice")
    names = {"allowedFunctionNames": allowed["tools"]} if allowed.get("tools") else {}
    return {"mode": mode.upper(), **names}


def _config(asked: Json) -> Json:
    given = asked.get("generation_config", {})
    config: Json = {theirs: given[ours] for ours, theirs in _CONFIG.items() if ours in given}
    thinking: Json = {}
    summaries = asked.get("agent_config", {}).get("thinking_summaries", given.get("thinking_summaries"))
    if summaries == "auto":
        thinking["includeThoughts"] = True
    if given.get("thinking_level") == "minimal":
        thinking["thinkingBudget"] = 0
    return config | ({"thinkingConfig": thinking} if thinking else {}) | _form(asked)


def _form(asked: Json) -> Json:
    """Which media the answer is in, and the schema of its words."""
    modalities, form = [str(one) for one in asked.get("response_modalities", ())], Json()
    for one in modalities:
        if one not in _MODALITIES:
            raise refuse_value(one, "response_modalities")
    given = asked.get("response_format")
    if asked.get("response_mime_type") == "application/json":
        form["responseMimeType"] = "application/json"
    for one in given if isinstance(given, list) else [given] if given else []:
        if not isinstance(one, dict):
            raise refuse_in_words(400, "The value of 'response_format' must be an object or a list of them.")
        kind = one.get("type")
        if kind in _FORMATS:
            modalities.append(kind)
        schema = one.get("schema") if kind in _FORMATS else one
        if schema or one.get("mime_type") == "application/json":
            form |= {"responseMimeType": "application/json"} | ({"responseJsonSchema": schema} if schema else {})
    named = list(dict.fromkeys(one.upper() for one in modalities))
    return form | ({"responseModalities": named} if named else {})
