"""An interaction's request and answer as people read them: what each step says, without media and signatures.

Both may be cut off at any byte, and what cannot be read is left out.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec

from proxy_app.wire.interactions.blocks import Cutter, data_in
from proxy_app.wire.malformed import NotAnAnswer

INSTRUCTION, USER_INPUT = "system_instruction", "user_input"
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


@dataclass(slots=True)
class Said:
    """What a step says, in pieces; `step` is its type, in Google's words."""

    step: str
    pieces: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(self.pieces)


def asked(request: str) -> list[Said]:
    """What a request to create an interaction says."""
    body = _object(request.encode())
    said = [Said(INSTRUCTION, [str(body[INSTRUCTION])])] if body.get(INSTRUCTION) else []
    given = body.get("input")
    if isinstance(given, str):
        return [*said, Said(USER_INPUT, [given])]
    listed = given if isinstance(given, list) else [given]
    for each in listed:
        if not isinstance(each, dict):
            continue
        if _is_content(each):
            if not said or said[-1].step != USER_INPUT:
                said.append(Said(USER_INPUT))
            said[-1].pieces.append(_content(each))
        else:
            said.append(_step(each))
    return _told(said)


def answered(answer: str) -> list[Said]:
    """What an answer says, plain or as a stream of events."""
    raw = answer.encode()
    plain = _object(raw)
    if isinstance(plain.get("steps"), list):
        return _told([_step(step) for step in plain["steps"] if isinstance(step, dict)])
    steps: dict[Any, Said] = {}
    for event in _events(raw):
        index = str(event.get("index"))
        step, delta = event.get("step"), event.get("delta")
        if isinstance(step, dict):
            steps[index] = _step(step)
        elif isinstance(delta, dict) and index in steps:
            steps[index].pieces.append(_delta(delta))
    return _told(list(steps.values()))


def _events(stream: bytes) -> Iterator[dict[str, Any]]:
    cutter = Cutter()
    try:
        blocks = cutter.feed(stream)
    except NotAnAnswer:
        return
    for block in blocks:
        yield _object(data_in(block))


def _step(step: dict[str, Any]) -> Said:
    said = Said(str(step.get("type") or ""))
    for name in ("content", "summary"):
        listed = step.get(name)
        if isinstance(listed, str):
            said.pieces.append(listed)
        elif isinstance(listed, list):
            said.pieces += [_content(each) for each in listed if isinstance(each, dict)]
    if step.get("name"):
        said.pieces.append(f"{step['name']} ")
    said.pieces.append(_of_tool(step))
    return said


def _delta(delta: dict[str, Any]) -> str:
    content = delta.get("content")
    return _content(content) if isinstance(content, dict) else _of_tool(delta) or _content(delta)


def _of_tool(step: dict[str, Any]) -> str:
    """What a tool is asked, and what it has found; a piece of its arguments is a text."""
    told = [step[name] for name in ("arguments", "result") if step.get(name)]
    return "\n".join(each if isinstance(each, str) else msgspec.json.encode(each).decode() for each in told)


def _is_content(given: dict[str, Any]) -> bool:
    return any(name in given for name in ("text", "data", "uri"))


def _content(content: dict[str, Any]) -> str:
    """A text, or what stands for a medium."""
    text = content.get("text")
    if isinstance(text, str):
        return text
    if not _is_content(content):
        return ""
    kind = content.get("mime_type") or content.get("type") or "media"
    return f"[{kind} {content['uri']}]" if content.get("uri") else f"[{kind}]"


def _told(said: list[Said]) -> list[Said]:
    return [each for each in said if each.text.strip()]


def _object(text: bytes) -> dict[str, Any]:
    try:
        read = msgspec.json.decode(text)
    except _UNREADABLE:
        return {}
    return read if isinstance(read, dict) else {}
