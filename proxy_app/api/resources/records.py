"""What answers say of resources: what was made is the client's from then on, what was deleted is gone."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

from django.db import Error as DatabaseError
from django.http import HttpResponse

from accounts_app.leasing import AccountView, homes, owners
from accounts_app.leasing.owner_news import Begun
from accounts_app.leasing.usage import jobs
from proxy_app import errors
from proxy_app.api.rendering import json_response
from proxy_app.forwarding.checks import job_watch
from proxy_app.forwarding.placement import Place, copies
from proxy_app.forwarding.relay import Relay
from proxy_app.wire.calls import Call
from proxy_app.wire.interactions import events
from proxy_app.wire.names.resource_names import INTERACTIONS, Name
from proxy_app.wire.openai import shown as openai
from proxy_app.wire.operations import Cools, Family, made_names, not_there
from proxy_app.wire.operations.columns import Made
from proxy_app.wire.operations.rows.interactions import CREATE, CREATE_IN_BACKGROUND
from proxy_app.wire.operations.shown import Shown, shown_in


def in_conversation(call: Call, place: Place) -> Call:
    """`call` as the request log finds it together with the turns before and after it, if it is about an interaction.

    The key is that of the interaction it names; a create without one begins a conversation.
    """
    operation = call.operation
    if operation.family is not Family.INTERACTIONS:
        return call
    known = next((found.conversation for found in place.found if found.kind == INTERACTIONS), "")
    begins = operation is CREATE or operation is CREATE_IN_BACKGROUND
    key = known or (call.request_id if begins else "")
    return replace(call, conversation=key) if key else call


async def record(call: Call, place: Place, account: AccountView, answer: bytes) -> None:
    """Write down what an answer of `account` to `call` has made, shown or deleted, before the client has it."""
    operation, name = call.operation, call.name
    for made, row in made_names.made_in(operation, answer):
        await _made(call, made, account, _shown(call, made, answer), row, job_watch.begun(call, made, answer))
    for told, row in made_names.told_in(operation, answer):
        if not await _is_known(told, call):
            by = replace(call, model=call.model or place.found[0].model) if place.found else call
            await _made(by, told, account, Shown(), row, job_watch.found(call.request_id, told))
    if name is None:
        return
    if operation.deletes:
        if name.collection == "files":
            homes.storage_has_room(account.owner, Cools.FILES.storage)
            for found in place.found:
                await copies.forget(found)
        return await owners.gone(str(name), account.owner)
    if place.found and place.found[0].name == str(name):
        if operation.shows_it:
            new = _seen(call, answer)
            owners.seen(
                place.found[0],
                state=new.state,
                size_bytes=new.size_bytes,
                expires_at=new.expires_at,
                last_json=new.json,
            )
            await job_watch.seen(place.found[0], answer)
    elif not place.found and not name.child and not name.is_everybodys:
        # Nobody here knew it: it was made before the gateway was, or past it.
        await _made(call, name, account, _seen(call, answer) if operation.shows_it else Shown())


class Stream:
    """The events of an interaction on their way to its client, who has left if it is not over at the end."""

    __slots__ = ("_call", "_made", "_place", "_relay")

    def __init__(self, call: Call, place: Place, relay: Relay) -> None:
        self._call = replace(call, body={})  # which may be large, and the answer takes long
        self._place = place
        self._relay = relay
        self._made = ""  # what is not over yet

    async def record(self, block: bytes) -> None:
        """Write down what an event says of the interaction, before the client has it."""
        told = events.told_in(block)
        if told is None:
            return
        account = self._relay.account
        for made, _ in made_names.made_in(self._call.operation, told.answer)[:1]:
            self._made = str(made)
            self._relay.has_made(self._made)
        await record(self._call, self._place, account, told.answer)
        if told.is_last and self._made:
            jobs.counted(self._made, account.id)
            self._made = ""

    def closed(self) -> None:
        """Nobody listens any more, and the relay has been closed."""
        if self._made:
            job_watch.left(self._made, self._relay.account.id, self._relay.usage)
            self._made = ""


@contextmanager
def misses(call: Call, place: Place) -> Iterator[None]:
    """Take note when upstream does not have what the call's path names. Raises what is raised in it."""
    try:
        yield
    except errors.UpstreamError as error:
        found = next((each for each in place.found if each.name == str(call.name)), None)
        if found is not None and call.name is not None and error.code == not_there.of(call.name).status:
            owners.not_there(found)
        raise


async def lost(call: Call, place: Place) -> HttpResponse:
    """The answer to a delete of what has gone with the last account of its project: there is nobody to ask."""
    if place.owner is not None:
        await owners.gone(str(call.name), place.owner)
    return json_response({}, shape=call.shape)


def _seen(call: Call, answer: bytes) -> Shown:
    """What an answer shows of what it is about."""
    return openai.shown_in(answer) if call.operation.family is Family.OPENAI else shown_in(answer)


def _shown(call: Call, made: Name, answer: bytes) -> Shown:
    """What the answer shows of what it has made; an interaction is a running job only in the background."""
    if made.collection != INTERACTIONS:
        return _seen(call, answer)
    return Shown(state=shown_in(answer).state) if call.operation.starts_job else Shown()


async def _is_known(name: Name, call: Call) -> bool:
    """Whether there is a row already: what is told again and again is written down once."""
    with suppress(DatabaseError):
        return await owners.find(str(name), call.tenant) is not None
    return False


async def _made(
    call: Call, name: Name, account: AccountView, new: Shown, row: Made | None = None, begun: Begun | None = None
) -> None:
    lives = time.time() + row.lives if row is not None and row.lives is not None else None
    await owners.made(
        str(name),
        account.id,
        call.tenant,
        kind=name.kind,
        model=call.model,
        state=new.state,
        size_bytes=new.size_bytes,
        expires_at=new.expires_at or lives,
        last_json=new.json,
        begun=begun,
        conversation=call.conversation,
    )
