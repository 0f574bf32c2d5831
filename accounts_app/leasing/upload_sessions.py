"""Sessions of resumable uploads, as rows: any node serves any chunk, also after a restart.

A session's row is written before its client knows of it. From then on the row says how much upstream has acknowledged,
and whether a chunk has gone out since without an answer.
"""

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from time import time

from django.db import Error as DatabaseError
from django.db import transaction
from django.db.models import F

from accounts_app import roster
from accounts_app.leasing.owner_rows import moment, project_of
from accounts_app.models import KeyGroup, UploadSession
from accounts_app.pool.access.tenants import Tenant
from accounts_app.roster import AccountView
from accounts_app.storage import journal
from accounts_app.storage.worker import soon_in_database

UPLOAD = "upload"
KEPT_SECONDS = 3 * 24 * 3600.0
LONGEST_PATH = 512  # what the column takes


@dataclass(frozen=True, slots=True)
class Final:
    """The last answer of a session, as its client got it."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Session:
    """A session as far as it is known. `offset` is what upstream has acknowledged, `size` what the client announced.

    `unsure` says that a chunk has got no answer, so upstream may have more of it. `by_google_sdk` says what started it,
    `created_at` when (seconds, epoch). `final` is there once `state` is final. `generation` is the number of the
    request that has claimed it.
    """

    digest: str
    operation: str
    path: str
    account: int | None
    tenant: Tenant
    upstream_url: str = field(repr=False)
    size: int | None = None
    by_google_sdk: bool = False
    offset: int = 0
    unsure: bool = False
    state: str = UploadSession.State.ACTIVE
    final: Final | None = None
    project: int | None = None
    generation: int = 0
    created_at: float = 0.0

    @property
    def is_active(self) -> bool:
        return self.state == UploadSession.State.ACTIVE


def digest(upload_id: str) -> str:
    """What a session is stored under: whoever reads the rows cannot upload."""
    return hashlib.sha256(upload_id.encode(errors="surrogateescape")).hexdigest()


async def started(session: Session) -> None:
    """Store a new session. Raises Django's database errors."""
    await soon_in_database(_insert, session, time())


async def find(upload_id: str) -> Session | None:
    """The session of an upload's id; None where there is none (any more). Raises Django's database errors."""
    return await soon_in_database(_find, digest(upload_id), time())


async def claim(session: Session) -> Session | None:
    """Have the session for a new request: no older one may go on. The session as it is then; None where it is gone.

    Raises Django's database errors.
    """
    return await soon_in_database(_claim, session.digest, time())


async def latest(session: Session) -> Session | None:
    """The session as it is now; None where it is gone. Raises Django's database errors."""
    return await soon_in_database(_find, session.digest, time())


async def sending(session: Session) -> bool:
    """A chunk goes out; False if a newer request has the session. Raises Django's database errors."""
    return await soon_in_database(_store, replace(session, unsure=True))


async def update(session: Session) -> None:
    """Store what upstream has said of a session: now, or by the journal, while the database is away and when the client
    leaves meanwhile. Once a newer request has the session, only what ended it well is stored.
    """
    is_written = False
    try:
        if not journal.held(UPLOAD):
            with suppress(DatabaseError):
                await soon_in_database(_store, session)
                is_written = True
    finally:
        if not is_written:
            journal.append(UPLOAD, session)


def account_of(session: Session) -> AccountView | None:
    """The account whose egress chunks leave by: the one that started it, else another one of its project.

    Raises RosterUnavailable.
    """
    accounts = roster.current().accounts
    if session.account is not None and (starter := accounts.get(session.account)) is not None:
        return starter
    return next((each for each in accounts.values() if each.owner == session.project), None)


def _insert(session: Session, now: float) -> None:
    """A session whose account is gone is not stored: it is over."""
    project = None if session.account is None else project_of(session.account)
    if project is None:
        return
    group = session.tenant.group
    is_there = group is not None and KeyGroup.objects.filter(pk=group).exists()
    UploadSession.objects.create(
        digest=session.digest,
        operation=session.operation,
        path=session.path[:LONGEST_PATH],
        account_id=session.account,
        project_id=project,
        api_key_id=session.tenant.key,
        group_id=group if is_there else None,
        upstream_url=session.upstream_url,
        size=session.size,
        by_google_sdk=session.by_google_sdk,
        created_at=moment(now),
        expires_at=moment(now + KEPT_SECONDS),
    )


def _find(digest: str, now: float) -> Session | None:
    row = UploadSession.objects.filter(digest=digest, expires_at__gt=moment(now)).first()
    if row is None:
        return None
    final = None
    if row.final_status is not None:
        final = Final(row.final_status, row.final_headers, bytes(row.final_body or b""))
    return Session(
        digest=row.digest,
        operation=row.operation,
        path=row.path,
        account=row.account_id,
        tenant=Tenant(row.api_key_id, row.group_id),
        upstream_url=row.upstream_url,
        size=row.size,
        by_google_sdk=row.by_google_sdk,
        offset=row.offset,
        unsure=row.unsure,
        state=row.state,
        final=final,
        project=row.project_id,
        generation=row.generation,
        created_at=row.created_at.timestamp(),
    )


def _claim(digest: str, now: float) -> Session | None:
    with transaction.atomic():
        UploadSession.objects.filter(digest=digest).update(generation=F("generation") + 1)
        return _find(digest, now)


def _store(session: Session) -> bool:
    """A session that has ended stays as it ended. False if nothing was stored."""
    final = session.final
    rows = UploadSession.objects.filter(digest=session.digest, state=UploadSession.State.ACTIVE)
    if final is None or final.status >= 300:
        rows = rows.filter(generation=session.generation)
    stored = rows.update(
        offset=session.offset,
        unsure=session.unsure,
        state=session.state,
        final_status=None if final is None else final.status,
        final_headers={} if final is None else dict(final.headers),
        final_body=None if final is None else final.body,
    )
    return stored > 0


def _write(sessions: list[Session]) -> None:
    for session in sessions:
        _store(session)


journal.register(UPLOAD, _write, droppable=False)
