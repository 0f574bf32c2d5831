"""The names of what an operation has created, which only the same project can serve from then on.

They are read from public frames, where all dialects have them in the same place.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from proxy_app.wire.names import resource_names
from proxy_app.wire.names.resource_names import BadName, Name
from proxy_app.wire.names.uris import file_in
from proxy_app.wire.operations.columns import Made, Operation

_decode = msgspec.json.Decoder().decode


def made_in(operation: Operation, frame: bytes) -> list[tuple[Name, Made]]:
    """The names in one frame of an answer to `operation`, each with its entry in the table.

    A long-running operation on a resource is that resource: `tunedModels/t/operations/o` has made `tunedModels/t`.
    """
    return _named(operation.makes, frame)


def told_in(operation: Operation, frame: bytes) -> list[tuple[Name, Made]]:
    """The names of results in one frame of an answer, which upstream has created meanwhile."""
    return _named(operation.tells, frame)


def _named(rows: Sequence[Made], frame: bytes) -> list[tuple[Name, Made]]:
    if not rows:
        return []
    try:
        answer = _decode(frame)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return []
    found = []
    for made in rows:
        for text in _texts(answer, made.field.split(".")):
            try:
                found.append((_name(text, made).owner, made))
            except BadName:
                continue
    return found


def _name(text: str, made: Made) -> Name:
    """Raises BadName."""
    if file := file_in(text):
        return resource_names.parse(file)
    bare = made.of and not text.startswith(f"{made.of}/")
    return resource_names.parse(f"{made.of}/{text}" if bare else text)


def _texts(value: Any, path: Sequence[str]) -> Iterator[str]:
    """The texts that stand at the end of a path."""
    if not path:
        if isinstance(value, str):
            yield value
        return
    step, *after = path
    inner = value.get(step.removesuffix("[]")) if isinstance(value, dict) else None
    if not step.endswith("[]"):
        yield from _texts(inner, after)
    elif isinstance(inner, list):
        for each in inner:
            yield from _texts(each, after)
