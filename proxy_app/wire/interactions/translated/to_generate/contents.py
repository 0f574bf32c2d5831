"""`input` as the contents of generateContent.

Steps of the user and of the model become turns: neighbours of one side are one content. A thought's signature stands on
the part that follows it; where none follows, on an empty text, as generateContent itself has it.
"""

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import Raw

from proxy_app.wire.interactions.translated import media
from proxy_app.wire.interactions.translated.to_generate.items import Input, Item, decode_input, decode_items
from proxy_app.wire.interactions.translated.values import (
    NeedsPublicApi,
    is_given,
    quoted,
    read,
    required,
    string,
    wrong,
)
from proxy_app.wire.malformed import Malformed

_LEGACY = "The legacy Interactions API schema is no longer supported. '{where}' has a role instead of a type."
_EMPTY: Raw = Raw(b'""')
_NO_ARGUMENTS: Raw = Raw(b"{}")


class _Code(msgspec.Struct, gc=False):
    code: str = ""
    language: str | None = None


_decode_code = msgspec.json.Decoder(_Code).decode
_decode_text = msgspec.json.Decoder(str).decode


def contents(value: Raw) -> list[dict[str, Any]]:
    """The contents for `input`. Raises Malformed, NeedsPublicApi."""
    given: Input = read(decode_input, value, "input")
    turns = _Turns()
    if isinstance(given, list):
        for number, item in enumerate(given):
            turns.add(item, f"input[{number}]")
    else:
        turns.add(given, "input")
    return turns.gathered()


class _Turns:
    """The contents so far, and what the next parts need of the items before them."""

    def __init__(self) -> None:
        self._contents: list[dict[str, Any]] = []
        self._names: dict[str, str] = {}  # of the functions that were called, by the call's id
        self._signature: Raw | None = None  # of a thought, for the model's next part

    def gathered(self) -> list[dict[str, Any]]:
        """Raises Malformed where nothing is said."""
        self._sign_nothing()
        if not self._contents:
            raise required("input")
        return self._contents

    def add(self, item: Item | str, where: str) -> None:
        """One step, or one of the user's contents. Raises Malformed, NeedsPublicApi."""
        if isinstance(item, str):
            self._user({"text": item})
        elif item.type in _STEPS:
            _STEPS[item.type](self, item, where)
        else:
            self._user(_content(item, where))

    def _user(self, part: dict[str, Any]) -> None:
        self._sign_nothing()
        self._append("user", part)

    def _model(self, part: dict[str, Any], signature: Raw = _EMPTY) -> None:
        """`signature` is the part's own, where its step has one."""
        if is_given(signature):
            self._sign_nothing()
            part["thoughtSignature"] = signature
        elif self._signature is not None:
            part["thoughtSignature"], self._signature = self._signature, None
        self._append("model", part)

    def _sign_nothing(self) -> None:
        """A signature that no part has followed."""
        if self._signature is not None:
            part = {"text": "", "thoughtSignature": self._signature}
            self._signature = None
            self._append("model", part)

    def _append(self, role: str, part: dict[str, Any]) -> None:
        if not self._contents or self._contents[-1]["role"] != role:
            self._contents.append({"role": role, "parts": []})
        self._contents[-1]["parts"].append(part)

    def user_input(self, item: Item, where: str) -> None:
        if isinstance(item.content, str):
            return self._user({"text": item.content})
        for number, each in enumerate(item.content or ()):
            place = f"{where}.content[{number}]"
            if each.type == "function_result":
                self.function_result(each, place)
            else:
                self._user(_content(each, place))

    def model_output(self, item: Item, where: str) -> None:
        if isinstance(item.content, str):
            return self._model({"text": item.content})
        for number, each in enumerate(item.content or ()):
            self._model(_content(each, f"{where}.content[{number}]"))

    def thought(self, item: Item, where: str) -> None:
        self._sign_nothing()
        for number, each in enumerate(item.summary or ()):
            self._append("model", {**_content(each, f"{where}.summary[{number}]"), "thought": True})
        if is_given(item.signature):
            self._signature = string(item.signature, f"{where}.signature")

    def function_call(self, item: Item, where: str) -> None:
        if not item.name:
            raise required(f"{where}.name")
        arguments = item.arguments if is_given(item.arguments) else _NO_ARGUMENTS
        if bytes(memoryview(arguments)[:1]) != b"{":
            raise wrong(f"{where}.arguments", "Expected `object`")
        call: dict[str, Any] = {"name": item.name, "args": arguments}
        if item.id:
            self._names[item.id] = item.name
            call = {"id": item.id, **call}
        self._model({"functionCall": call}, item.signature)

    def function_result(self, item: Item, where: str) -> None:
        if not item.call_id:
            raise required(f"{where}.call_id")
        if not (name := item.name or self._names.get(item.call_id)):
            raise required(f"{where}.name")
        answer: dict[str, Any] = {"id": item.call_id, "name": name}
        self._user({"functionResponse": answer | _response(item, f"{where}.result")})

    def code_execution_call(self, item: Item, where: str) -> None:
        arguments = item.arguments if is_given(item.arguments) else _NO_ARGUMENTS
        code: _Code = read(_decode_code, arguments, f"{where}.arguments")
        language = (code.language or "python").upper()
        self._model({"executableCode": {"language": language, "code": code.code}}, item.signature)

    def code_execution_result(self, item: Item, where: str) -> None:
        outcome = "OUTCOME_FAILED" if item.is_error else "OUTCOME_OK"
        said, drawn = _said_and_shown(item.result, f"{where}.result")
        result = {"outcome": outcome, "output": "\n".join(said)}
        self._model({"codeExecutionResult": result}, item.signature)
        for part in drawn:
            self._model(part)

    def left_out(self, item: Item, where: str) -> None:
        """What Google has looked up for an earlier answer: generateContent's history has no place for it."""


_STEPS: dict[str | None, Callable[[_Turns, Item, str], None]] = {
    "user_input": _Turns.user_input,
    "model_output": _Turns.model_output,
    "thought": _Turns.thought,
    "function_call": _Turns.function_call,
    "function_result": _Turns.function_result,
    "code_execution_call": _Turns.code_execution_call,
    "code_execution_result": _Turns.code_execution_result,
    "google_search_call": _Turns.left_out,
    "google_search_result": _Turns.left_out,
    "url_context_call": _Turns.left_out,
    "url_context_result": _Turns.left_out,
}


def _content(item: Item, where: str) -> dict[str, Any]:
    """The part for a content. Raises Malformed, NeedsPublicApi."""
    if item.type == "text":
        return {"text": string(item.text, f"{where}.text")}
    if item.type in media.KINDS:
        return media.part(item, where)
    if item.type:
        raise NeedsPublicApi(f"`{where}` of the type {quoted(item.type)}")
    if item.role:
        raise Malformed(_LEGACY.format(where=where))
    raise required(f"{where}.type")


def _response(item: Item, where: str) -> dict[str, Any]:
    """What a function returned: an object as it is, anything else under a name. Media stand beside it."""
    name, value = "error" if item.is_error else "result", item.result
    match bytes(memoryview(value)[:1]):
        case b"":
            raise required(where)
        case b"{":
            return {"response": {name: value} if item.is_error else value}
        case b"[" if _has_contents(value):
            said, shown = _said_and_shown(value, where)
            response: dict[str, Any] = {"response": {name: said[0] if len(said) == 1 else said}}
            return {**response, "parts": shown} if shown else response
    return {"response": {name: value}}


def _has_contents(value: Raw) -> bool:
    """Whether a list is one of contents, and not one that a function has returned."""
    try:
        items = decode_items(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return bool(items) and all(item.type in ("text", "function", *media.KINDS) for item in items)


def _said_and_shown(value: Raw, where: str) -> tuple[list[str], list[dict[str, Any]]]:
    """The texts and the media of a result. Raises Malformed, NeedsPublicApi."""
    if bytes(memoryview(value)[:1]) != b"[":
        return [read(_decode_text, string(value, where), where)], []
    said: list[str] = []
    shown: list[dict[str, Any]] = []
    for number, item in enumerate(read(decode_items, value, where)):
        part = _content(item, f"{where}[{number}]")
        if "text" in part:
            said.append(read(_decode_text, part["text"], f"{where}[{number}].text"))
        else:
            shown.append(part)
    return said, shown
