"""The names of what an operation has created, which only the same project can serve from then on.

They are read from public frames, where all dialects have them in the same place.
"""

from typing import Any

import msgspec

from proxy_app.wire import resource_names
from proxy_app.wire.operations.columns import Made, Operation
from proxy_app.wire.resource_names import BadName, Name

_decode = msgspec.json.Decoder().decode


def made_in(operation: Operation, frame: bytes) -> list[tuple[Name, Made]]:
    """The names in one frame of an answer to `operation`, each with its entry in the table."""
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
