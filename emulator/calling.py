"""Function calls: whether a prompt asks for one, and arguments that fit the declaration."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

from .conversation import Conversation
from .fields import snake
from .replies import Json
from .schema import InstanceWriter, readable

_WORD = re.compile(r"[^\W\d_]{3,}")
_QUOTED = re.compile(r"[\"“'‘]([^\"”'’]{1,200})[\"”'’]")  # noqa: RUF001 (people type them)
_NAMES = re.compile(r"(?<![.?!] )(?<!^)\b[A-Z][\w-]*(?: [A-Z][\w-]*)*")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")

# Words that say nothing about what a function is for.
_EMPTY = """the and for with from that this what which who how when where are was were you your can could would please
get set current currently given return returns function call use using tool list find show tell give make into about"""
_EMPTY_WORDS = frozenset(_EMPTY.split())
_DESCRIPTION_WORDS_NEEDED = 2
_MOST_CALLS = 4


def calls_for(talk: Conversation) -> list[Json]:
    """The calls (`{"name", "args"}`) the prompt asks for, none as a rule.

    1. After the answers to earlier calls the model speaks, it does not call again.
    2. Functions whose name the prompt mentions are called, in the order they are declared.
    3. Otherwise the one whose description shares the most words with the prompt.
    4. With mode ANY some function is called in any case.
    5. Several names for one text parameter (`Paris and London`) give parallel calls.
    """
    functions = talk.functions()
    if not functions or talk.function_results():
        return []
    wanted = _words(talk.prompt)
    named = [one for one in functions if wanted & _name_words(one)]
    if not named:
        best = max(functions, key=lambda one: len(wanted & _words(str(one.get("description", "")))))
        shared = len(wanted & _words(str(best.get("description", ""))))
        named = [best] if shared >= _DESCRIPTION_WORDS_NEEDED or talk.must_call() else []
    calls = [call for function in named for call in _calls_of(function, talk.prompt, alone=len(named) == 1)]
    return calls[:_MOST_CALLS]


def call_id(call: Json, index: int) -> str:
    """Eight letters and digits, the same for the same call."""
    return hashlib.sha256(f"{index}{call}".encode()).hexdigest()[:8]


def _calls_of(function: Json, prompt: str, *, alone: bool) -> list[Json]:
    schema = readable(function.get("parametersJsonSchema") or function.get("parameters"))
    properties = {name: readable(one) for name, one in schema.get("properties", {}).items()}
    texts = [name for name, one in properties.items() if _is_free_text(one)]
    found = _mentioned(prompt)
    several = found if alone and len(texts) == 1 and len(found) > 1 else [""]
    calls = []
    for one in several:
        args = InstanceWriter(schema, found or [prompt.strip()[:80] or "sample"]).write() if schema else {}
        if isinstance(args, dict):
            _fill(args, properties, [one] if one else found, prompt)
        calls.append({"name": str(function.get("name", "")), "args": args})
    return calls


def _fill(args: Json, properties: Mapping[str, Any], found: Sequence[str], prompt: str) -> None:
    """Puts what the prompt mentions in place of what was made up."""
    numbers, names = iter(_NUMBER.findall(prompt)), iter(found)
    for name, schema in properties.items():
        if name not in args:
            continue
        kind = str(schema.get("type", "")).lower()
        if choices := schema.get("enum"):
            args[name] = next((one for one in choices if str(one).lower() in prompt.lower()), choices[0])
        elif kind in {"integer", "number"} and (number := next(numbers, None)):
            args[name] = int(float(number)) if kind == "integer" else float(number)
        elif _is_free_text(schema):
            args[name] = next(names, args[name])


def _mentioned(prompt: str) -> list[str]:
    """What the prompt puts in quotes, or else writes like a name."""
    return _QUOTED.findall(prompt) or [name for name in _NAMES.findall(prompt) if name.lower() not in _EMPTY_WORDS]


def _is_free_text(schema: Mapping[str, Any]) -> bool:
    if schema.get("enum") or schema.get("format"):
        return False
    return str(schema.get("type", "")).lower() == "string"


def _name_words(function: Json) -> set[str]:
    return _words(snake(str(function.get("name", ""))).replace("_", " "))


def _words(text: str) -> set[str]:
    """Telling words, without a plural's s."""
    words = (word.lower() for word in _WORD.findall(text[:2_000]))
    return {word.removesuffix("s") for word in words if word not in _EMPTY_WORDS}
