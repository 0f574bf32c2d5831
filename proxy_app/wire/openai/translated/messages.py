"""The messages of a chat as contents of generateContent."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Raw

from proxy_app.wire.interactions.translated.values import is_given, quoted, read, required, wrong
from proxy_app.wire.malformed import Malformed
from proxy_app.wire.names.uris import canonical

# Gemini 3 refuses a call of a function without the signature that came with it, which most of OpenAI's clients do not
# send back. This is the text that Google's documents give for it.
_NO_SIGNATURE = "skip_thought_signature_validator"

_INSTRUCTING = ("system", "developer")


class _GoogleContent(msgspec.Struct, gc=False):
    thought_signature: str | None = None


class _Extra(msgspec.Struct, gc=False):
    google: _GoogleContent | None = None


class _Url(msgspec.Struct, gc=False):
    url: str | None = None


class _Audio(msgspec.Struct, gc=False):
    data: str | None = None
    format: str | None = None


class _File(msgspec.Struct, gc=False):
    file_data: str | None = None
    file_id: str | None = None


class _Part(msgspec.Struct, gc=False):
    type: str | None = None
    text: str | None = None
    refusal: str | None = None
    image_url: _Url | str | None = None
    video_url: _Url | str | None = None
    input_audio: _Audio | None = None
    file: _File | None = None


class _Function(msgspec.Struct, gc=False):
    name: str | None = None
    arguments: str | None = None


class _ToolCall(msgspec.Struct, gc=False):
    id: str | None = None
    function: _Function | None = None
    extra_content: _Extra | None = None


class _Message(msgspec.Struct, gc=False):
    role: str | None = None
    content: list[_Part] | str | None = None
    name: str | None = None
    tool_calls: list[_ToolCall] | None = None
    tool_call_id: str | None = None
    extra_content: _Extra | None = None


_decode = msgspec.json.Decoder(list[_Message]).decode
_decode_any = msgspec.json.Decoder().decode


def contents(value: Raw) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The contents, and the parts of the system instruction. Raises Malformed."""
    if not is_given(value):
        raise required("messages")
    turns = _Turns()
    for number, message in enumerate(read(_decode, value, "messages")):
        turns.add(message, f"messages[{number}]")
    return turns.contents, turns.instruction


class _Turns:
    """Contents so far: what one side says one after another is one content."""

    def __init__(self) -> None:
        self.contents: list[dict[str, Any]] = []
        self.instruction: list[dict[str, Any]] = []
        self._names: dict[str | None, str] = {}  # of functions, by the id of their call

    def add(self, message: _Message, where: str) -> None:
        match message.role:
            case "user":
                self._append("user", _parts(message, where))
            case "assistant":
                self._append("model", [*_signed(_parts(message, where), message), *self._calls(message, where)])
            case "tool":
                self._append("user", [self._result(message, where)])
            case role if role in _INSTRUCTING:
                self.instruction += _parts(message, where)
            case None:
                raise required(f"{where}.role")
            case role:
                raise wrong(f"{where}.role", f"{quoted(role)} is none of system, developer, user, assistant, tool")

    def _append(self, role: str, parts: list[dict[str, Any]]) -> None:
        if not self.contents or self.contents[-1]["role"] != role:
            self.contents.append({"role": role, "parts": []})
        self.contents[-1]["parts"] += parts

    def _calls(self, message: _Message, where: str) -> list[dict[str, Any]]:
        parts: list[dict[str, Any]] = []
        for number, call in enumerate(message.tool_calls or ()):
            place = f"{where}.tool_calls[{number}].function"
            if call.function is None or not call.function.name:
                raise required(f"{place}.name")
            made: dict[str, Any] = {"name": call.function.name, "args": _arguments(call.function, place)}
            if call.id:
                self._names[call.id] = call.function.name
                made = {"id": call.id, **made}
            signature = _signature(call.extra_content) or ("" if number else _NO_SIGNATURE)
            parts.append({"functionCall": made, **({"thoughtSignature": signature} if signature else {})})
        return parts

    def _result(self, message: _Message, where: str) -> dict[str, Any]:
        name = self._names.get(message.tool_call_id) or message.name
        if not name:
            raise wrong(f"{where}.tool_call_id", "it is the id of no call before it")
        text = "".join(part.get("text", "") for part in _parts(message, where))
        told = _json(text)
        response = {"name": name, "response": told if isinstance(told, dict) else {"result": text}}
        return {"functionResponse": {"id": message.tool_call_id, **response} if message.tool_call_id else response}


def _parts(message: _Message, where: str) -> list[dict[str, Any]]:
    if isinstance(message.content, str):
        return [{"text": message.content}] if message.content else []
    return [_part(part, f"{where}.content[{number}]") for number, part in enumerate(message.content or ())]


def _part(part: _Part, where: str) -> dict[str, Any]:
    match part.type:
        case "text" | None if part.text is not None:
            return {"text": part.text}
        case "refusal":
            return {"text": part.refusal or ""}
        case "image_url" | "video_url":
            given = part.image_url if part.type == "image_url" else part.video_url
            url = given.url if isinstance(given, _Url) else given
            return _medium(url or "", f"{where}.{part.type}.url")
        case "input_audio" if part.input_audio is not None and part.input_audio.data:
            kind = f"audio/{part.input_audio.format or 'wav'}"
            return {"inlineData": {"mimeType": kind, "data": part.input_audio.data}}
        case "file" if part.file is not None and part.file.file_data:
            return _medium(part.file.file_data, f"{where}.file.file_data")
        case "file" if part.file is not None and part.file.file_id:
            return {"fileData": {"fileUri": canonical(f"files/{part.file.file_id.removeprefix('files/')}")}}
        case "text" | "input_audio" | "file":
            raise required(f"{where}.{part.type}")
        case None:
            raise required(f"{where}.type")
    raise wrong(f"{where}.type", f"parts of the type {quoted(str(part.type))} are not known")


def _medium(url: str, where: str) -> dict[str, Any]:
    """A part for a `data:` URL, which brings the bytes, or for the address of a file."""
    if not url:
        raise required(where)
    head, comma, data = url.partition(",")
    if head[:5].lower() != "data:":
        return {"fileData": {"fileUri": url}}
    mime_type, *options = head[5:].split(";")
    if not comma or not mime_type or "base64" not in options:
        raise wrong(where, "a `data:` URL needs a type and base64")
    return {"inlineData": {"mimeType": mime_type, "data": data}}


def _signed(parts: list[dict[str, Any]], message: _Message) -> list[dict[str, Any]]:
    signature = _signature(message.extra_content)
    if signature and parts:
        parts[-1]["thoughtSignature"] = signature
    return parts


def _signature(extra: _Extra | None) -> str:
    return (extra and extra.google and extra.google.thought_signature) or ""


def _arguments(function: _Function, where: str) -> dict[str, Any]:
    told = _json(function.arguments or "{}")
    if not isinstance(told, dict):
        raise Malformed(f"Invalid value at '{where}.arguments': it has to be a JSON object, as a text.")
    return told


def _json(text: str) -> Any:
    """What a text says as JSON; None where it is none."""
    try:
        return _decode_any(text)
    except (msgspec.DecodeError, UnicodeDecodeError, UnicodeEncodeError, RecursionError):
        return None
