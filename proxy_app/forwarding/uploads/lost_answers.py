"""Finds the last answer of an upload that was lost on its way: upstream says that the upload is over, and no more.

The client repeats its last request, and so brings the file's bytes again, or its last ones. A file in the account's
project is the one that was uploaded if nobody here has it, it is no older than the session, and it has the same
SHA-256: of this request, where that brings the whole file, or else of what the spool has. Its size alone is enough
where the project is the tenant's own, so that it can be nobody else's.

A file in an environment has a name: it is the one if it is as large, and has been written since the session began.
"""

import base64
import hashlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from time import monotonic
from urllib.parse import unquote, urlencode

from accounts_app.leasing import owners
from accounts_app.leasing.upload_sessions import Session
from accounts_app.storage.spool import Tee
from proxy_app import errors
from proxy_app.forwarding.passing import Passing
from proxy_app.forwarding.placement import on_behalf
from proxy_app.ledger.attempt_log import AttemptLog
from proxy_app.wire.calls import Call
from proxy_app.wire.malformed import TooLarge
from proxy_app.wire.names import resource_names
from proxy_app.wire.names.resource_names import BadName
from proxy_app.wire.operations import listed
from proxy_app.wire.operations.rows.files import LIST, UPLOAD
from proxy_app.wire.operations.rows.interactions import SHOW_FILE, WRITE_FILE
from proxy_app.wire.operations.shown import Uploaded, shown_in, uploaded_in, written_in
from proxy_app.wire.operations.upload_steps import Chunk

LIST_SECONDS = 5.0
CLOCKS_DIFFER = 60.0  # seconds by which upstream's clock may be behind ours


@dataclass(frozen=True, slots=True)
class _Brought:
    """The file as the client's request and the spool tell it; `sha256_hash` is as upstream writes it, "" if unknown."""

    size: int
    sha256_hash: str

    def is_like(self, file: Uploaded) -> bool:
        return file.size == self.size and self.sha256_hash in ("", file.sha256_hash)


async def find(session: Session, call: Call, chunk: Chunk, limit: int, owner: int, log: AttemptLog) -> bytes | None:
    """The last answer to `session`, with the file of the project `owner` that it made; None where none is for sure it.

    Reads the client's bytes, of a file of at most `limit`. Raises PayloadTooLarge, Django's database errors.
    """
    brought = await _brought(session, call, chunk, limit)
    if not brought.sha256_hash and owner not in owners.exclusive(session.tenant):
        return None
    found: list[bytes] = []
    async with aclosing(_answers(session, call, owner, log)) as answers:
        async for answer in answers:
            file = uploaded_in(answer)
            if file is not None and brought.is_like(file):
                held = await owners.held(file.name, session.tenant)
                if not held.by_others and not held.by_tenant:
                    found.append(answer)
    return found[0] if len(found) == 1 or (found and brought.sha256_hash) else None


async def find_in_environment(
    session: Session, call: Call, chunk: Chunk, limit: int, owner: int, log: AttemptLog
) -> bytes | None:
    """The same of an upload into an environment: what upstream says of the file that is there now.

    Reads the client's bytes. Raises PayloadTooLarge.
    """
    assert call.content is not None
    begins = session.offset if chunk.offset is None else chunk.offset
    passing = Passing(call.content, limit=max(0, limit - begins))
    try:
        async for _ in passing:
            """What it holds is not told by upstream."""
        name = resource_names.parse(unquote(session.path))
        got = await on_behalf.ask_for(call, SHOW_FILE, owner, log, within=LIST_SECONDS, name=name)
    except TooLarge as error:
        raise errors.PayloadTooLarge(str(error)) from error
    except (BadName, errors.GatewayError, errors.BrokenStream):
        return None
    written = written_in(got.body)
    if written is None or written.size != begins + passing.passed:
        return None
    return got.body if written.at >= session.created_at - CLOCKS_DIFFER else None


Finder = Callable[[Session, Call, Chunk, int, int, AttemptLog], Awaitable[bytes | None]]
FINDERS: Mapping[str, Finder] = {UPLOAD.id: find, WRITE_FILE.id: find_in_environment}


async def _brought(session: Session, call: Call, chunk: Chunk, limit: int) -> _Brought:
    assert call.content is not None
    begins = session.offset if chunk.offset is None else chunk.offset
    tee = Tee(session.digest, offset=begins, size=session.size)
    digest = hashlib.sha256()
    passing = Passing(call.content, limit=max(0, limit - begins), tee=tee.feed)
    try:
        async for piece in passing:
            digest.update(piece)
    except TooLarge as error:
        raise errors.PayloadTooLarge(str(error)) from error
    finally:
        await tee.close()
    size = begins + passing.passed
    if begins:
        return _Brought(size, await tee.sha256_hash(size))
    return _Brought(size, base64.b64encode(digest.hexdigest().encode()).decode())


async def _answers(session: Session, call: Call, owner: int, log: AttemptLog) -> AsyncGenerator[bytes, None]:
    """What finalizing would have answered for each file of a project that is no older than the session."""
    until, token = monotonic() + LIST_SECONDS, ""
    while (left := until - monotonic()) > 0:
        query = urlencode({"pageSize": LIST.max_page, **({"pageToken": token} if token else {})})
        try:
            got = await on_behalf.ask_for(call, LIST, owner, log, within=left, query=query)
        except (errors.GatewayError, errors.BrokenStream):
            return
        page = listed.page_in(LIST, got.body)
        for item in page.items.values():
            answer = b'{"file": ' + item + b"}"
            created = shown_in(answer).created_at
            if created is not None and created >= session.created_at - CLOCKS_DIFFER:
                yield answer
        if not (token := page.token):
            return
