"""Requests of an upload session: one at a time, each to the account that has the session, no byte twice.

What upstream has acknowledged stands in the session's row. Where a chunk got no answer, upstream is asked how much it
has before the next one: bytes that it has already are read and dropped. If it says that it has all, the answer that was
lost is found again (`lost_answers`).
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace

from django.db import Error as DatabaseError

from accounts_app.leasing import AccountView, upload_sessions
from accounts_app.leasing.upload_sessions import Session
from accounts_app.pool.content import Pieces
from accounts_app.storage.spool import Tee
from proxy_app import errors
from proxy_app.forwarding import forward
from proxy_app.forwarding.passing import Passing
from proxy_app.forwarding.relay import Relay
from proxy_app.forwarding.uploads import lost_answers
from proxy_app.ledger.attempt_log import AttemptLog
from proxy_app.wire.calls import Call
from proxy_app.wire.operations import Operation, made_names, upload_steps
from proxy_app.wire.operations.rows.files import UPLOAD
from proxy_app.wire.operations.upload_steps import Chunk, Step, Told

# What the servers of uploads answer is a short text, or the JSON of one file.
ANSWER_BYTES = 1024 * 1024

CANCELLED_STATUS = 499  # of the older protocol
TERMINATED_STATUS = 400  # of whatever is asked of a session that is over

WATCH_SECONDS = 1.0  # between two looks whether a request in another process has taken over

WHY = "the account of this upload"

_TOO_LONG = "The upstream sent more than {bytes} bytes in answer to an upload."
_CUT = "The upstream interrupted its answer. Please repeat the request."
_NOT_TOLD = "The upstream does not say how much of this upload it has. Please repeat the request."
_TAKEN_OVER = "Another request has taken over this upload."


@dataclass(frozen=True, slots=True)
class Answer:
    """Upstream's answer, whole; `headers` are in lower case. `account` is None where it comes from a row."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    account: AccountView | None = None

    @property
    def told(self) -> Told:
        return upload_steps.told_in(self.status, self.headers)


class _Place:
    """Where the requests of one session wait for each other."""

    __slots__ = ("lock", "newest", "users")

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.newest: asyncio.Timeout | None = None
        self.users = 0


_places: dict[str, _Place] = {}


@asynccontextmanager
async def alone(session: Session) -> AsyncIterator[Session]:
    """Have a session for one request; gives the session as it is then.

    An older request that has it is aborted: at once, or within WATCH_SECONDS in another process. Raises Aborted in it;
    UploadOver, Django's database errors.
    """
    async with _alone_here(session.digest) as turn:
        claimed = await upload_sessions.claim(session)
        if claimed is None:
            raise errors.UploadOver(upload_steps.FINAL)
        watch = asyncio.create_task(_watch(claimed, turn))
        try:
            yield claimed
        finally:
            watch.cancel()


async def _watch(session: Session, turn: asyncio.Timeout) -> None:
    """End the turn of a request when a newer one has claimed its session."""
    while True:
        await asyncio.sleep(WATCH_SECONDS)
        with suppress(DatabaseError):
            newest = await upload_sessions.latest(session)
            if newest is not None and newest.generation != session.generation:
                return turn.reschedule(0.0)


@asynccontextmanager
async def _alone_here(digest: str) -> AsyncIterator[asyncio.Timeout]:
    """Have a session for one request of this process; gives its turn, which ends when a newer one comes.

    Raises Aborted then.
    """
    place = _places.setdefault(digest, _Place())
    place.users += 1
    try:
        async with asyncio.timeout(None) as turn:
            older, place.newest = place.newest, turn
            try:
                if older is not None:
                    older.reschedule(0.0)
                async with place.lock:
                    yield turn
            finally:
                if place.newest is turn:
                    place.newest = None
    except TimeoutError:
        if not turn.expired():
            raise
        raise errors.Aborted(_TAKEN_OVER) from None
    finally:
        place.users -= 1
        if not place.users:
            _places.pop(digest, None)


async def send(session: Session, call: Call, chunk: Chunk, limit: int, log: AttemptLog) -> tuple[Session, Answer]:
    """Send a request of a session, whose bytes are the call's content; the session as it is then, and the answer.

    1. Where upstream may have more than the row says, ask it. If it has all, find the last answer again.
    2. Note that bytes go out, and send what upstream does not have. The file may have `limit` bytes.
    3. Take in what upstream says; the caller stores it.

    Where `final` is there, it is the answer. Raises GatewayError, Django's database errors: then the session is as
    unsure as its row says.
    """
    account = upload_sessions.account_of(session)
    if account is None:
        raise errors.UploadOver(upload_steps.CANCELLED)
    if not chunk.has_bytes:
        answer = await _exchange(replace(call, content=Pieces()), account, log)
        if chunk.step is Step.CANCEL and answer.status == CANCELLED_STATUS:
            return replace(session, state=upload_steps.CANCELLED), answer
        after = _after(session, answer)
        if after.state == upload_steps.FINAL and not made_names.made_in(call.operation, answer.body):
            after = replace(session, unsure=True)  # until the last answer is found
        return after, answer
    if session.unsure:
        answer = await _exchange(_query(call, chunk), account, log)
        session = _after(session, answer)
        if not session.is_active or answer.status == TERMINATED_STATUS:
            return await _found_again(session, call, chunk, limit, answer, log)
        if session.unsure:
            raise errors.Unavailable(_NOT_TOLD)
    tee = tee_of(session, chunk.offset)
    passing = _passing(session, call, chunk, limit, tee)
    if chunk.step is Step.CHUNK and passing.length == 0 and chunk.offset is not None and chunk.offset < session.offset:
        async for _ in passing:
            """All of it is dropped."""
        return session, _received(session, chunk)
    if not await upload_sessions.sending(session):
        raise errors.Aborted(_TAKEN_OVER)
    try:
        answer = await _exchange(_of_the_rest(call, chunk, session.offset, passing), account, log)
    finally:
        if tee is not None:
            await tee.close()
    return _after(session, answer, passing.passed), answer


async def _found_again(
    session: Session, call: Call, chunk: Chunk, limit: int, told: Answer, log: AttemptLog
) -> tuple[Session, Answer]:
    """The last answer of a session that is over by what upstream has `told`. Raises UploadOver where it is not found.

    It stands in what was told (in the older protocol); or in the row by now; or it is made of the file.
    """
    if made_names.made_in(call.operation, told.body):
        return session, told
    newest = await upload_sessions.latest(session)
    if newest is not None and newest.final is not None:
        return newest, told
    assert told.account is not None
    find = lost_answers.FINDERS.get(session.operation)
    if find is not None and chunk.step is Step.LAST and session.state != upload_steps.CANCELLED:
        body = await find(session, call, chunk, limit, told.account.owner, log)
        if body is not None:
            headers = {upload_steps.STATUS: upload_steps.FINAL, "content-type": errors.JSON}
            return replace(session, state=upload_steps.FINAL), Answer(200, headers, body, told.account)
    raise errors.UploadOver(upload_steps.FINAL if session.is_active else session.state)


def tee_of(session: Session, offset: int | None = None) -> Tee | None:
    """What takes in the bytes of a file that upstream does not have, in a request that begins at `offset`."""
    if session.operation != UPLOAD.id:
        return None
    begins = session.offset if offset is None else max(offset, session.offset)
    return Tee(session.digest, offset=begins, size=session.size)


async def whole(relay: Relay, operation: Operation) -> Answer:
    """An answer to `operation`, read to its end."""
    body = bytearray()
    try:
        async for batch in relay:
            body += b"".join(batch)
            if len(body) > ANSWER_BYTES:
                raise errors.BadGateway(_TOO_LONG.format(bytes=ANSWER_BYTES))
            for made, _ in made_names.made_in(operation, bytes(body))[:1]:
                relay.has_made(str(made))
    except errors.BrokenStream as broken:
        raise errors.Unavailable(_CUT) from broken
    finally:
        await relay.aclose()
    return Answer(relay.status, relay.headers, bytes(body), relay.account)


async def _exchange(call: Call, account: AccountView, log: AttemptLog) -> Answer:
    try:
        relay = await forward.forward(call, log, only=account.id, why=WHY)
    except errors.UpstreamError as error:
        headers = {name.lower(): value for name, value in error.headers.items()}
        return Answer(error.code, headers, error.body(), account)
    return await whole(relay, call.operation)


def _query(call: Call, chunk: Chunk) -> Call:
    """The question for how much has come, in place of `call`."""
    assert call.passes is not None
    headers = tuple(upload_steps.query_headers(by_range=chunk.by_range, size=chunk.size).items())
    http = "PUT" if chunk.by_range else "POST"
    return replace(call, content=Pieces(), passes=replace(call.passes, http=http, headers=headers))


def _passing(session: Session, call: Call, chunk: Chunk, limit: int, tee: Tee | None) -> Passing:
    """What of a chunk's bytes goes upstream, past the spool."""
    assert call.content is not None
    begins = session.offset if chunk.offset is None else chunk.offset
    return Passing(
        call.content, limit=max(0, limit - begins), skip=max(0, session.offset - begins), tee=tee.feed if tee else None
    )


def _of_the_rest(call: Call, chunk: Chunk, offset: int, passing: Passing) -> Call:
    """`call` with the part of its bytes that upstream does not have."""
    passes = call.passes
    assert passes is not None
    if chunk.offset is not None and chunk.offset < offset:
        headers = tuple(upload_steps.moved(dict(passes.headers), chunk, offset, passing.length).items())
        passes = replace(passes, headers=headers)
    return replace(call, content=passing, passes=passes)


def _after(session: Session, answer: Answer, passed: int = 0) -> Session:
    """The session after upstream has answered a request that brought `passed` bytes."""
    told = answer.told
    if told.state in (upload_steps.FINAL, upload_steps.CANCELLED):
        return replace(session, state=told.state)
    if told.state != upload_steps.ACTIVE:
        return session
    if answer.status >= 400:
        return replace(session, unsure=True)  # of a wrong offset
    offset = session.offset + passed if told.received is None else told.received
    return replace(session, offset=offset, unsure=False)


def _received(session: Session, chunk: Chunk) -> Answer:
    """The answer to a chunk that upstream has whole."""
    if chunk.by_range:
        return Answer(308, {"range": f"bytes=0-{session.offset - 1}"}, b"")
    return Answer(200, {upload_steps.STATUS: upload_steps.ACTIVE, upload_steps.RECEIVED: str(session.offset)}, b"")
