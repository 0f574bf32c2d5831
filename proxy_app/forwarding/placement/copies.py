"""Copies of files, made for the account that a call goes to: as bytes in the request, or as files of its project.

A copy is made once for a file and a project, whoever needs it and on whatever node, by calls of its own, which the
request log has. One that fails is that account's failure: the call goes on with another.
"""

import asyncio
from base64 import b64encode
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from secrets import token_hex
from time import time
from types import TracebackType
from typing import Self

import msgspec
from django.conf import settings
from django.db import Error as DatabaseError

from accounts_app import leasing
from accounts_app.leasing import AccountView
from accounts_app.leasing import copies as rows
from accounts_app.leasing.owners import Found, Source
from accounts_app.pool.content import Pieces
from accounts_app.pool.outcomes import Outcome
from accounts_app.storage import spool
from accounts_app.storage.single_flight import SingleFlight
from proxy_app import errors
from proxy_app.forwarding.failures import Failed, NotCopied
from proxy_app.forwarding.placement import on_behalf
from proxy_app.forwarding.placement.files import Files, address
from proxy_app.ledger.attempt_log import AttemptLog
from proxy_app.wire.bodies.attached_files import Inline, with_files
from proxy_app.wire.calls import Call
from proxy_app.wire.names import resource_names
from proxy_app.wire.names.resource_names import Name
from proxy_app.wire.operations import Operation, made_names
from proxy_app.wire.operations.rows.files import DOWNLOAD, GET, LIVES, UPLOAD
from proxy_app.wire.operations.shown import Shown, shown_in

UNKNOWN_TYPE = "application/octet-stream"
INLINED = 3  # how often a file is in memory while it is put into a request: as it is, in base64, in the body
COPY_SECONDS = 600.0  # for each request that a copy takes
FORGET_SECONDS = 5.0  # a client waits no longer for copies to be deleted
CLAIMED_SECONDS = 0.5  # between two looks at a copy that another node makes
# Seconds between two looks at a copy that upstream has not read yet; after the last of them it has failed.
LOOKS = (0.5, 1.0, 2.0, *(5.0,) * 60)

_GONE = "its bytes can no longer be had."
_NO_ROOM = "the gateway holds too many files in memory now."
_LOST = "The copy of a file that this request names was lost upstream. Please repeat the request."
_NOT_READ = "upstream has not read it."

_encode = msgspec.json.Encoder().encode
_copying: SingleFlight[tuple[int, int], str] = SingleFlight("A file is not copied")


async def forget(found: Found) -> None:
    """A client has deleted a file: its bytes here go, and its copies upstream. What does not go now expires."""
    if found.source is not None and found.source.path:
        await spool.forget(found.source.path)
    with suppress(DatabaseError, TimeoutError):
        async with asyncio.timeout(FORGET_SECONDS):
            named = [] if found.resource_id is None else await rows.of(found.resource_id)
            await asyncio.gather(*(on_behalf.delete(name, owner) for name, owner in named))


class Copies:
    """The files of one call, prepared for each account that the call goes to: a `Preparation` of `forwarding.attempts`.

    A context manager. At its end the memory for files is free again, and copies that upstream has refused lose their
    rows, so that the next call makes new ones.
    """

    def __init__(self, files: Files, attempt_log: AttemptLog, *, is_bound: bool) -> None:
        """`is_bound` says that the call names more than `files`."""
        self._files = files
        self._attempt_log = attempt_log
        self._is_bound = is_bound
        self._room = Room()
        self._owner: int | None = None  # whose copies the last request names
        self._refused: set[int] = set()

    def __repr__(self) -> str:
        return f"<Copies of {len(self._files.movable)} files>"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._room.take(0)
        for owner in self._refused:
            for found in self._files.movable.values():
                await rows.gone(resource_of(found), owner)

    @property
    def needs(self) -> str:
        return self._files.needs

    async def prepared(self, call: Call, account: AccountView) -> Call:
        """`call` as an account can answer it: it gets copies of the files that its project does not have.

        Raises NotCopied.
        """
        files, owner = self._files, account.owner
        away = {name: found for name, found in files.movable.items() if found.project_owner != owner}
        inline = files.inline and self._room.take(INLINED * sum(source_of(each).size for each in away.values()))
        if away and not inline and not account.can(UPLOAD.id):
            raise NotCopied(_NO_ROOM)
        self._owner = owner if away and not inline else None
        asking = Asking(call, account, self._attempt_log)
        get: Callable[[Found], Awaitable[str | Inline]] = asking.inline if inline else asking.copied
        got = await asyncio.gather(*map(get, away.values()))
        new = dict(zip(away, got, strict=True))
        by = {text: _written(text, new.get(name, str(name))) for text, name in files.addresses.items()}
        return replace(
            call, body=await asyncio.to_thread(with_files, call.body, by) if away else with_files(call.body, by)
        )

    def judged(self, failed: Failed) -> Failed:
        """A file that a project does not have, or no longer, is that account's failure: others get copies of it."""
        fault = failed.fault
        if self._is_bound or fault.status not in (403, 404) or fault.outcome is not Outcome.REJECTED:
            return failed
        fault = replace(fault, outcome=Outcome.NOT_COPIED)
        if self._owner is None:
            return replace(failed, fault=fault)
        self._refused.add(self._owner)  # the next call makes another copy
        return Failed(fault, errors.Unavailable(_LOST))


class Room:
    """Memory for files, a quarter of GATEWAY_BUFFER_MB for all calls together."""

    taken = 0

    def __init__(self) -> None:
        self._size = 0

    def take(self, size: int) -> bool:
        """Memory of `size` bytes instead of what was taken before, or of none where there is not as much."""
        Room.taken -= self._size
        fits = Room.taken + size <= settings.GATEWAY_BUFFER_MB * 1024 * 1024 // 4
        self._size = size if fits else 0
        Room.taken += self._size
        return fits


def resource_of(found: Found) -> int:
    assert found.resource_id is not None
    return found.resource_id


def source_of(found: Found) -> Source:
    assert found.source is not None
    return found.source


def _written(text: str, new: str | Inline) -> str | Inline:
    return address(text, new) if isinstance(new, str) else new


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks for copies: a call, for an account. All of it raises NotCopied."""

    call: Call
    account: AccountView
    attempt_log: AttemptLog

    async def inline(self, found: Found) -> Inline:
        """The bytes of a file, as they stand in a request."""
        data = await asyncio.to_thread(b64encode, await self._bytes(found))
        return Inline(source_of(found).mime_type or UNKNOWN_TYPE, data)

    async def copied(self, found: Found) -> str:
        """The name of a file's copy in the account's project, which is made unless it is there."""
        resource, owner = resource_of(found), self.account.owner
        if name := await rows.find(resource, owner):
            return name
        return await _copying.run((resource, owner), partial(self._copy, found))

    async def _copy(self, found: Found) -> str:
        """Its name, once this node has made it, or another one."""
        resource, owner = resource_of(found), self.account.owner
        while (name := await rows.claim(resource, owner, self.account.id)) is None:  # noqa: ASYNC110 - of another node
            await asyncio.sleep(CLAIMED_SECONDS)
        if name:
            return name
        try:
            return await self._made(found)
        except NotCopied:
            await rows.gone(resource, owner)
            raise

    async def _made(self, found: Found) -> str:
        room = Room()
        try:
            if not room.take(source_of(found).size):
                raise NotCopied(_NO_ROOM)
            content, headers = _multipart(source_of(found), await self._bytes(found))
            answer = await self._asked(UPLOAD, self.account.owner, headers=headers, content=content)
        finally:
            room.take(0)
        made = [name for name, _ in made_names.made_in(UPLOAD, answer)]
        if not made:
            raise NotCopied(_NOT_READ)
        shown = await self._read(made[0], shown_in(answer))
        expires_at = shown.expires_at or time() + LIVES
        await rows.made(resource_of(found), self.account.owner, self.account.id, str(made[0]), expires_at)
        return str(made[0])

    async def _read(self, name: Name, shown: Shown) -> Shown:
        """A copy once upstream has read it."""
        for pause in LOOKS:
            if shown.state != "PROCESSING":
                break
            await asyncio.sleep(pause)
            shown = shown_in(await self._asked(GET, self.account.owner, name=name))
        if shown.state in ("PROCESSING", "FAILED"):
            raise NotCopied(_NOT_READ)
        return shown

    async def _bytes(self, found: Found) -> bytes:
        """The bytes of a file, from the spool or from its own project."""
        source = source_of(found)
        if not source.path:
            name = resource_names.parse(found.name)
            return await self._asked(DOWNLOAD, found.project_owner, name=name, query="alt=media")
        content = await spool.read(source.path, source.size)
        if content is None:
            raise NotCopied(_GONE)
        return content

    async def _asked(
        self,
        operation: Operation,
        owner: int,
        *,
        name: Name | None = None,
        query: str = "",
        headers: Sequence[tuple[str, str]] = (),
        content: Pieces | None = None,
    ) -> bytes:
        """The answer of a project to a call of our own. What is known of an account alone may have become a project."""
        try:
            answer = await on_behalf.ask_for(
                self.call,
                operation,
                owner if owner > 0 else leasing.known(-owner).owner,
                self.attempt_log,
                within=COPY_SECONDS,
                name=name,
                query=query,
                headers=headers,
                content=content,
            )
        except errors.GatewayError as error:
            raise NotCopied(error.message) from error
        except errors.BrokenStream as error:
            raise NotCopied(str(error)) from error
        except KeyError:
            raise NotCopied(_GONE) from None
        return answer.body


def _multipart(source: Source, content: bytes) -> tuple[Pieces, Sequence[tuple[str, str]]]:
    """A file as an upload in one request: its body, and the headers of that."""
    boundary = token_hex(16)
    mime_type = source.mime_type or UNKNOWN_TYPE
    about = {"file": {"mimeType": mime_type, "displayName": source.display_name}}
    head = (
        f"--{boundary}\r\nContent-Type: application/json; charset=utf-8\r\n\r\n{_encode(about).decode()}\r\n"
        f"--{boundary}\r\nContent-Type: {mime_type}\r\n\r\n"
    )
    pieces = Pieces(head.encode(), content, f"\r\n--{boundary}--\r\n".encode())
    kind = f"multipart/related; boundary={boundary}"
    return pieces, (("x-goog-upload-protocol", "multipart"), ("content-type", kind))
