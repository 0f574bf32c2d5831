"""Calls about resources that no client has made: an operator's, and the gateway's own.

They are forwarded like every call, and the request log has them.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from time import monotonic

from msgspec import Raw

from accounts_app.pool.content import Content
from proxy_app import errors
from proxy_app.forwarding import forward
from proxy_app.ledger.attempt_log import AttemptLog
from proxy_app.wire.calls import Body, Call, PassThrough
from proxy_app.wire.names import resource_names
from proxy_app.wire.names.named import Named
from proxy_app.wire.names.resource_names import BadName, Name
from proxy_app.wire.operations import Operation, paths

# Upstream deletes none of these while something is in it, unless it is told to.
_HOLDING_OTHERS = ("fileSearchStores/", "corpora/")
_TRIGGERS = "triggers/"
_NO_BODY: Body = {}
_PAUSED: Body = {"status": Raw(b'"paused"')}
_NO_METHOD = "Google has no such method on {name}."


class NoSuchMethod(Exception):
    """Google has no method of this kind on such a resource. `str()` says so."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A plain answer, and the id of the account that gave it."""

    body: bytes
    account: int


async def ask(http: str, name: str, owner: int, *, verb: str = "", query: str = "") -> bytes:
    """The answer of the project `owner` to a method on the resource `name`.

    Raises NoSuchMethod, GatewayError, BrokenStream, RosterUnavailable.
    """
    return (await answer(http, name, owner, verb=verb, query=query)).body


async def answer(
    http: str,
    name: str,
    owner: int,
    *,
    verb: str = "",
    query: str = "",
    body: Body = _NO_BODY,
    attempt_log: AttemptLog | None = None,
) -> Answer:
    """The same, with the account that gave it."""
    written = (f"{name}:{verb}", f"{name}/{verb}") if verb else (name,)
    fitting = (found for path in written if (found := paths.find(http, path)) and found.name == name)
    target = next(fitting, None)
    try:
        parsed = resource_names.parse(name)
    except BadName:
        target = None
    if target is None or not target.operation.served:
        raise NoSuchMethod(_NO_METHOD.format(name=name))
    call = Call(
        operation=target.operation,
        model="",
        body=body,
        request_id=uuid.uuid4().hex,
        arrived=monotonic(),
        name=parsed,
        named=Named((parsed,)),
        passes=PassThrough(http, query=query),
    )
    return await _answer(call, owner, attempt_log or AttemptLog())


async def ask_for(
    call: Call,
    operation: Operation,
    owner: int,
    attempt_log: AttemptLog,
    *,
    within: float,
    name: Name | None = None,
    query: str = "",
    headers: Sequence[tuple[str, str]] = (),
    content: Content | None = None,
) -> Answer:
    """The answer of the project `owner` to what the call of a client needs, within so many seconds.

    It has the id of the call in the request log. `query` is encoded; `headers` go with `content`. Raises GatewayError,
    BrokenStream.
    """
    asked = replace(
        call,
        operation=operation,
        model="",
        body={},
        content=content,
        form=None,
        shape=None,
        timeout=within,
        arrived=monotonic(),
        name=name,
        named=Named() if name is None else Named((name,)),
        passes=PassThrough(operation.http, query=query, headers=headers),
        requests=1,
    )
    return await _answer(asked, owner, attempt_log)


async def delete(name: str, owner: int) -> str:
    """Delete a resource upstream; why that failed, "" if it did not. Raises RosterUnavailable."""
    return await _tried("DELETE", name, owner, query="force=true" if name.startswith(_HOLDING_OTHERS) else "")


async def cancel(name: str, owner: int) -> str:
    """Cancel a job upstream, or pause a trigger; why that failed, "" if it did not. Raises RosterUnavailable."""
    if name.startswith(_TRIGGERS):
        return await _tried("PATCH", name, owner, query="update_mask=status", body=_PAUSED)
    return await _tried("POST", name, owner, verb="cancel")


async def _tried(http: str, name: str, owner: int, *, verb: str = "", query: str = "", body: Body = _NO_BODY) -> str:
    attempt_log = AttemptLog()
    try:
        await answer(http, name, owner, verb=verb, query=query, body=body, attempt_log=attempt_log)
    except errors.GatewayError as error:
        said = attempt_log.entries[-1].fault.message if attempt_log.entries else ""
        return said or error.message
    except (errors.BrokenStream, NoSuchMethod) as error:
        return str(error)
    return ""


async def _answer(call: Call, owner: int, attempt_log: AttemptLog) -> Answer:
    relay = await forward.forward(call, attempt_log, owner=owner)
    try:
        return Answer(b"".join([event async for batch in relay for event in batch]), relay.account.id)
    finally:
        await relay.aclose()
