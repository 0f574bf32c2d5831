"""`tools` and `tool_choice` as generateContent has them."""

from typing import Any

import msgspec
from msgspec import Raw

from proxy_app.wire.interactions.translated.values import NeedsPublicApi, is_given, quoted, read, required, string


class _Tool(msgspec.Struct, gc=False):
    type: str | None = None
    name: Raw = Raw()
    description: Raw = Raw()
    parameters: Raw = Raw()
    defer_loading: bool | None = None
    search_types: list[str] | None = None


class _Allowed(msgspec.Struct, gc=False):
    mode: str | None = None
    tools: list[str] | None = None


class _Choice(msgspec.Struct, gc=False):
    allowed_tools: _Allowed | None = None


_decode_tools = msgspec.json.Decoder(list[_Tool]).decode
_decode_choice = msgspec.json.Decoder(_Choice | str).decode

# Google's own tools that generateContent has under other names.
_HOSTED = {"google_search": "googleSearch", "url_context": "urlContext", "code_execution": "codeExecution"}
_WEB_ALONE = ["web_search"]


def tools(value: Raw) -> list[dict[str, Any]]:
    """`tools` for the `tools` of an interaction: all functions in one. Raises Malformed, NeedsPublicApi."""
    functions: list[dict[str, Raw]] = []
    hosted: list[dict[str, Any]] = []
    for number, tool in enumerate(read(_decode_tools, value, "tools")):
        where = f"tools[{number}]"
        if not tool.type:
            raise required(f"{where}.type")
        if tool.type == "function":
            functions.append(_function(tool, where))
        elif tool.type not in _HOSTED:
            raise NeedsPublicApi(f"The tool {quoted(tool.type)}")
        elif tool.search_types and tool.search_types != _WEB_ALONE:
            raise NeedsPublicApi(f"`{where}.search_types` other than web_search")
        else:
            hosted.append({_HOSTED[tool.type]: {}})
    return [{"functionDeclarations": functions}, *hosted] if functions else hosted


def tool_config(value: Raw) -> dict[str, Any]:
    """`toolConfig` for a `tool_choice`. Raises Malformed."""
    choice: _Choice | str = read(_decode_choice, value, "generation_config.tool_choice")
    if isinstance(choice, str):
        calling: dict[str, Any] = {"mode": choice.upper()}
    else:
        allowed = choice.allowed_tools or _Allowed()
        # Names may be listed only where a call is demanded, or what is called is checked.
        calling = {"mode": (allowed.mode or ("any" if allowed.tools else "auto")).upper()}
        if allowed.tools:
            calling["allowedFunctionNames"] = allowed.tools
    return {"functionCallingConfig": calling}


def _function(tool: _Tool, where: str) -> dict[str, Raw]:
    if tool.defer_loading:
        raise NeedsPublicApi(f"`{where}.defer_loading`")
    declared = {"name": string(tool.name, f"{where}.name")}
    if is_given(tool.description):
        declared["description"] = string(tool.description, f"{where}.description")
    if is_given(tool.parameters):
        declared["parametersJsonSchema"] = tool.parameters
    return declared
