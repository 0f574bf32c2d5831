"""Calls about resources that no client has made: an operator's, and the gateway's own.

They are forwarded like every call, and the request log has them.
"""

import uuid
from time import monotonic

from proxy_app.forwarding import forward
from proxy_app.ledger.attempt_log import AttemptLog
from proxy_app.wire import resource_names
from proxy_app.wire.calls import Call, PassThrough
from proxy_app.wire.named import Named
from proxy_app.wire.operations import Operation, paths


class NoSuchMethod(Exception):
    """Google has no method of this kind on such a resource."""


async def ask(http: str, name: str, owner: int, *, verb: str = "", query: str = "") -> tuple[Operation, bytes]:
    """The answer of the project `owner` to the method on the resource `name`, and which operation that is.

    Raises NoSuchMethod, GatewayError, BrokenStream, RosterUnavailable.
    """
    target = paths.find(http, f"{name}:{verb}" if verb else name)
    if target is None or not target.operation.served:
        raise NoSuchMethod(f"{http} {name}:{verb}")
    parsed = resource_names.parse(name)
    call = Call(
        operation=target.operation,
        model="",
        body={},
        request_id=uuid.uuid4().hex,
        arrived=monotonic(),
        name=parsed,
        named=Named((parsed,)),
        passes=PassThrough(http, query=query),
    )
    relay = await forward.forward(call, AttemptLog(), owner=owner)
    try:
        return target.operation, b"".join([event async for batch in relay for event in batch])
    finally:
        await relay.aclose()
