"""Function calls: whether a prompt asks for one, and arguments that fit the declaration."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

from emulator.answers.conversation import Conversation
from emulator.answers.words.knowledge import COUNTRIES
from emulator.wire.fields import snake
from emulator.wire.replies import Json
from emulator.wire.schema import InstanceWriter, readable

_WORD = re.compile(r"[^\W\d_]{3,}")
_QUOTED = re.compile(r"[\"“'‘]([^\"”'’]{1,200})[\"”'’]")  # noqa: RUF001 (people type them)
# A place may have its state or country behind a comma.
_NAMES = re.compile(
    rf"(?<![.?!] )(?<!^)\b[A-Z][\w-]*(?: [A-Z][\w-]*)*(?:, (?:[A-Z]{{2,3}}\b|(?:{'|'.join(COUNTRIES)})\b))?"
)
_PATH = re.compile(r"https?://\S+|(?:[\w.~-]*/)+[\w.-]+|\b[\w-]+\.[a-z]{1,5}\b")
_HERE = re.compile(r"\b(?:this|the current|current|working) (?:directory|folder)\b", re.IGNORECASE)
_AFTER = re.compile(
    r"\b(?:for|about|called|named|titled|directory|folder|file|in|of|on) (?:the |a |an )?([\w./-][^?!,;\n]{0,80})",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
# Prompts that want to hear about a thing, not to have something done with it.
_TALK = re.compile(
    r"\W*(?:please |can you |could you )*(?:explain|describe|define|discuss|compare|write|compose|translate|why|how"
    r"|what(?: does| do|'s the difference| is the difference| is an?)|tell me (?:about|a|why|how))\b",
    re.IGNORECASE,
)

# Words that say nothing about what a function is for.
_EMPTY = """the and for with from that this what which who how when where are was were be your you can could would
please get set current currently given return returns function call use using tool list find show tell give make into
about"""
_EMPTY_WORDS = frozenset(_EMPTY.split())
_WORDS_NEEDED = 2
_MOST_CALLS = 4


def calls_for(talk: Conversation) -> list[Json]:
    """The calls (`{"name", "args"}`) the prompt asks for, none as a rule.

    1. After the answers to earlier calls the model speaks, it does not call again.
    2. Functions that the prompt plainly asks for are called, in the order they are declared.
    3. With mode ANY some function is called in any case: the one that shares the most words with the prompt.
    4. Several names for one text parameter (`Paris and London`) give parallel calls.
    """
    functions = talk.functions()
    if not functions or talk.function_results():
        return []
    prompt = talk.prompt
    wanted = [one for one in functions if _asks_for(prompt, one)]
    if not wanted and talk.must_call():
        said = _words(prompt)
        wanted = [max(functions, key=lambda one: len(said & (_description_words(one) | _name_words(one))))]
    calls = [call for function in wanted for call in _calls_of(function, prompt, alone=len(wanted) == 1)]
    return calls[:_MOST_CALLS]


def _asks_for(prompt: str, function: Json) -> bool:
    """Whether the prompt plainly asks for what the function does, and says what it has to be told.

    It names the function, or has the words of its name or most of those of its description's first sentence. To be told
    about something is no wish to have it done.
    """
    if not _tells_enough(prompt, function):
        return False
    if re.search(rf"\b{re.escape(str(function.get('name', '')))}\b", prompt):
        return True
    said, name, does = _words(prompt), _name_words(function), _description_words(function)
    if _PATH.search(prompt):
        said.add("file")
    if name and (name <= said or len(name & said) >= _WORDS_NEEDED):
        return len(name) > 1 or not _TALK.match(prompt)
    shared = len(does & said)
    return shared >= _WORDS_NEEDED and 2 * shared >= len(does) and not _TALK.match(prompt)


def _tells_enough(prompt: str, function: Json) -> bool:
    """Whether there is something in the prompt for each text that the function requires."""
    schema = _schema_of(function)
    properties = _properties(schema)
    return len(_mentioned(prompt)) >= sum(_is_free_text(properties[name]) for name in _required(schema, properties))


def call_id(call: Json, index: int) -> str:
    """Eight letters and digits, the same for the same call."""
    return hashlib.sha256(f"{index}{call}".encode()).hexdigest()[:8]


def _calls_of(function: Json, prompt: str, *, alone: bool) -> list[Json]:
    schema, found = _schema_of(function), _mentioned(prompt)
    properties = _filled(schema, prompt)
    texts = [name for name, one in properties.items() if _is_free_text(one)]
    several = found if alone and len(texts) == 1 and len(found) > 1 else [""]
    calls = []
    for one in several:
        writer = InstanceWriter({**schema, "properties": properties}, found or [prompt.strip()[:80] or "sample"])
        args = writer.write() if schema else {}
        if isinstance(args, dict):
            _fill(args, properties, [one] if one else found, prompt)
        calls.append({"name": str(function.get("name", "")), "args": args})
    return calls


def _schema_of(function: Json) -> dict[str, Any]:
    return readable(function.get("parametersJsonSchema") or function.get("parameters"))


def _properties(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {name: readable(one) for name, one in schema.get("properties", {}).items()}


def _required(schema: Mapping[str, Any], properties: Mapping[str, Any]) -> list[str]:
    return [name for name in schema.get("required", ()) if isinstance(name, str) and name in properties]


def _filled(schema: Mapping[str, Any], prompt: str) -> dict[str, Any]:
    """The parameters that get a value: what is required and choices that the prompt names; all if none is required."""
    properties = _properties(schema)
    required = _required(schema, properties)
    chosen = [name for name, one in properties.items() if _choice(one, prompt) is not None]
    names = {*required, *chosen} if required else set(properties)
    return {name: one for name, one in properties.items() if name in names}


def _choice(schema: Mapping[str, Any], prompt: str) -> Any:
    """The value of an enum that the prompt names."""
    return next((one for one in schema.get("enum") or () if str(one).lower() in prompt.lower()), None)


def _fill(args: Json, properties: Mapping[str, Any], found: Sequence[str], prompt: str) -> None:
    """Puts what the prompt mentions in place of what was made up."""
    numbers, names = iter(_NUMBER.findall(prompt)), iter(found)
    for name, schema in properties.items():
        if name not in args:
            continue
        kind = str(schema.get("type", "")).lower()
        if choices := schema.get("enum"):
            named = _choice(schema, prompt)
            args[name] = choices[0] if named is None else named
        elif kind in {"integer", "number"} and (number := next(numbers, None)):
            args[name] = int(float(number)) if kind == "integer" else float(number)
        elif _is_free_text(schema):
            args[name] = next(names, args[name])


def _mentioned(prompt: str) -> list[str]:
    """What the prompt puts in quotes, else paths, else what is written like a name, else what follows `for`, `in` …."""
    if found := _QUOTED.findall(prompt) or [path.rstrip(".,") for path in _PATH.findall(prompt)]:
        return found
    if _HERE.search(prompt):
        return ["."]
    names = [name for name in _NAMES.findall(prompt) if name.lower() not in _EMPTY_WORDS]
    return names or [match[1].strip(" .") for match in _AFTER.finditer(prompt)][-1:]


def _is_free_text(schema: Mapping[str, Any]) -> bool:
    if schema.get("enum") or schema.get("format"):
        return False
    return str(schema.get("type", "")).lower() == "string"


def _name_words(function: Json) -> set[str]:
    return _words(snake(str(function.get("name", ""))).replace("_", " "))


def _description_words(function: Json) -> set[str]:
    """Those of its first sentence: what follows is how to use it."""
    return _words(re.split(r"[.\n]", str(function.get("description", "")), maxsplit=1)[0])


def _words(text: str) -> set[str]:
    """Telling words, without a plural's s."""
    words = (word.lower() for word in _WORD.findall(text[:2_000]))
    return {word.removesuffix("s") for word in words if word not in _EMPTY_WORDS}
