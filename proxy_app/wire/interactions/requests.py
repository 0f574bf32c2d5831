"""What the body of a request decides."""

from typing import Final

from msgspec import Raw

from proxy_app.wire.bodies.bodies import Body
from proxy_app.wire.operations import Operation
from proxy_app.wire.operations.rows.interactions import CREATE, CREATE_UNSTORED

_TRUE: Final = Raw(b"true")
_FALSE: Final = Raw(b"false")


def meant(operation: Operation, body: Body) -> Operation:
    """What a call of `operation` with `body` is: not every interaction is kept upstream."""
    is_unstored = operation is CREATE and body.get("store") == _FALSE and body.get("background") != _TRUE
    return CREATE_UNSTORED if is_unstored else operation
