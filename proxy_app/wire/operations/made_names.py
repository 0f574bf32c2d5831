"""The names that an answer makes: what was created, and has to be asked of the same project from then on.

They are read from public frames, so that all dialects have them in the same place.
"""

from typing import Any

import msgspec

from proxy_app.wire import resource_names
from proxy_app.wire.operations.columns import Made, Operation
from proxy_app.wire.resource_names import BadName, Name

_decode = msgspec.json.Decoder().decode


def made_in(operation: Operation, frame: bytes) -> list[tuple[Name, Made]]:
    """What one frame of an answer to `operation` has made, each with the row of the table that says so."""
    if not operation.makes:
        return []
    try:
        answer = _decode(frame)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return []
    found = []
    for made in operation.makes:
        name = _field(answer, made.field)
        try:
            found.append((resource_names.parse(name), made))
        except BadName:
            continue
    return found


def _field(answer: Any, path: str) -> str:
    """The text in a field, `name` or `file.name`; "" for none."""
    for name in path.split("."):
        answer = answer.get(name) if isinstance(answer, dict) else None
    return answer if isinstance(answer, str) else ""
