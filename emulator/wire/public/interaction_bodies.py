"""The shapes of interactions' requests, and their strict reading: snake_case alone, unknown names refused by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from emulator.wire.public.related_bodies import RELATED_SHAPES
from emulator.wire.public.worded import refuse_in_words
from emulator.wire.replies import Json

# `name` is taken as it is, `name:type` is a scalar that is checked or a message, `name*type` a list of them.
_SHAPES = """
Interaction: model:string agent:string input system_instruction:string tools*Tool generation_config:GenerationConfig
  agent_config:AgentConfig response_format response_mime_type:string response_modalities*string stream:bool
  background:bool store:bool previous_interaction_id:string continuation_token:string environment cached_content:string
  safety_settings*SafetySetting service_tier:string labels webhook_config:WebhookConfig
GenerationConfig: image_config max_output_tokens:int seed:int speech_config stop_sequences*string temperature:float
  thinking_level:string thinking_summaries:string tool_choice top_p:float transcription_config video_config
AgentConfig: type:string thinking_summaries:string collaborative_planning:bool enable_bigquery_tool:bool
  visualization:string max_total_tokens:int model:string find_request fix_request source session_config
WebhookConfig: uris*string user_metadata
SafetySetting: type:string threshold:string method:string
Tool: type:string name:string description:string parameters short_description:string defer_loading:bool execution:string
  search_types*string file_search_store_names*string top_k:int metadata_filter:string url:string headers allowed_tools
  environment:string excluded_predefined_functions*string disabled_safety_policies
  enable_prompt_injection_detection:bool enable_widget:bool latitude:float longitude:float retrieval_types
  exa_ai_search_config parallel_ai_search_config rag_store_config vertex_ai_search_config
Agent: id:string base_agent:string system_instruction:string description:string tools*Tool base_environment
  agent_config:AgentConfig
Environment: mode:string network sources*Source from_environment:string custom_config system_instruction:string
InteractionEnvironment: type:string environment_id:string mode:string network sources*Source env custom_config
Source: type:string source:string target:string content:string encoding:string
"""

TOOL_TYPES = frozenset(
    {
        "function",
        "google_search",
        "url_context",
        "code_execution",
        "computer_use",
        "file_search",
        "google_maps",
        "mcp_server",
        "retrieval",
        "tool_search",
    }
)
_SCALARS: Mapping[str, tuple[type, ...]] = {"string": (str,), "bool": (bool,), "int": (int,), "float": (int, float)}


def _parse() -> dict[str, dict[str, str]]:
    shapes: dict[str, dict[str, str]] = {}
    for line in f"{_SHAPES.strip()}{RELATED_SHAPES}".replace("\n  ", " ").strip().splitlines():
        message, _, listed = line.partition(":")
        shapes[message] = {word.replace("*", ":").partition(":")[0]: word for word in listed.split()}
    return shapes


_BY_MESSAGE = _parse()


def read_body(shape: str, value: Any) -> Json:
    """`value` against the message `shape`, fields that are null left out; raises Refused with a word for its code."""
    return _message(shape, value, "")


def fields_of(shape: str) -> set[str]:
    return set(_BY_MESSAGE[shape])


def refuse_value(value: Any, field: str) -> Exception:
    """What a value that is not supported is answered with, in Google's words."""
    where, _, name = field.rpartition(".")
    at = f" at '{where}'" if where else ""
    return refuse_in_words(400, f"The value '{value}' is not supported for '{name}'{at}.")


def _message(shape: str, value: Any, path: str) -> Json:
    if not isinstance(value, dict):
        raise refuse_in_words(
            400, f"The value of '{path}' must be an object." if path else "The body must be an object."
        )
    read: Json = {}
    for name, item in value.items():
        field = _BY_MESSAGE[shape].get(name)
        if field is None:
            at = f" at '{path}'" if path else ""
            raise refuse_in_words(400, f"Unknown parameter '{name}'{at}.", "parameter_unknown")
        if item is not None:
            read[name] = _value(field, item, f"{path}.{name}".lstrip("."))
    if shape == "Tool" and read.get("type") not in TOOL_TYPES:
        raise refuse_value(read.get("type"), f"{path}.type")
    return read


def _value(field: str, item: Any, path: str) -> Any:
    if "*" in field:
        if not isinstance(item, list):
            raise refuse_in_words(400, f"The value of '{path}' must be a list.")
        type_name = field.partition("*")[2]
        return [_one(type_name, one, f"{path}[{index}]") for index, one in enumerate(item)]
    return _one(field.partition(":")[2], item, path)


def _one(type_name: str, item: Any, path: str) -> Any:
    if not type_name:
        return item
    if type_name[0].isupper():
        return _message(type_name, item, path)
    if not isinstance(item, _SCALARS[type_name]) or (isinstance(item, bool) and type_name != "bool"):
        raise refuse_in_words(400, f"The value of '{path}' must be of the type {type_name}.")
    return item
