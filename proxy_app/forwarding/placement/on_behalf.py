"""Calls about resources that no client has made: an operator's, and the gateway's own.

They are forwarded like every call, and the request log has them.
"""

import uuid
from dataclasses import dataclass, replace
from time import monotonic

from proxy_app.forwarding import forward
from proxy_app.ledger.attempt_log import AttemptLog
from proxy_app.wire import resource_names
from proxy_app.wire.calls import Call, PassThrough
from proxy_app.wire.named import Named
from proxy_app.wire.operations import Operation, paths
from proxy_app.wire.resource_names import Name


class NoSuchMethod(Exception):
    """Google has no method of this kind on such a resource."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A plain answer, and the id of the account that gave it."""

    body: bytes
    account: int


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
    return target.operation, (await _answer(call, owner, AttemptLog())).body


async def ask_for(
    call: Call,
    operation: Operation,
    owner: int,
    attempt_log: AttemptLog,
    *,
    within: float,
    name: Name | None = None,
    query: str = "",
) -> Answer:
    """The answer of the project `owner` to a GET that the call of a client needs, within so many seconds.

    It has the id of the call in the request log. `query` is encoded. Raises GatewayError, BrokenStream.
    """
    asked = replace(
        call,
        operation=operation,
        model="",
        body={},
        content=None,
        form=None,
        shape=None,
        timeout=within,
        arrived=monotonic(),
        name=name,
        named=Named() if name is None else Named((name,)),
        passes=PassThrough("GET", query=query),
    )
    return await _answer(asked, owner, attempt_log)


async def _answer(call: Call, owner: int, attempt_log: AttemptLog) -> Answer:
    relay = await forward.forward(call, attempt_log, owner=owner)
    try:
        return Answer(b"".join([event async for batch in relay for event in batch]), relay.account.id)
    finally:
        await relay.aclose()
