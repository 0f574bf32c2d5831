"""Sessions of uploads as rows: found by any node, ended once."""

import asyncio
from dataclasses import replace

import pytest

from accounts_app import roster
from accounts_app.leasing import upload_sessions
from accounts_app.leasing.upload_sessions import Final, Session, digest
from accounts_app.models import Account, KeyGroup, UploadSession
from accounts_app.pool.access.tenants import Tenant
from accounts_app.storage import journal
from accounts_app.storage.worker import in_database
from tests.factories import make_account

pytestmark = pytest.mark.django_db(transaction=True)

URL = "https://up.example/upload/v1beta/files?upload_id=secret"


def an_account(name: str = "one") -> Account:
    return make_account(name, kind="gemini_api", refresh_token="", expires_at=None, project="")


async def a_session(**fields) -> Session:
    account = await in_database(an_account)
    session = Session(digest("secret"), "media.upload", "files", account.pk, Tenant(), URL, **fields)
    await upload_sessions.started(session)
    found = await upload_sessions.find("secret")
    assert found is not None
    return found


async def test_a_session_is_found_as_it_was_stored():
    session = await a_session(size=9, by_google_sdk=True)

    assert (session.upstream_url, session.size, session.by_google_sdk, session.is_active) == (URL, 9, True, True)
    assert session.project is not None
    assert "secret" not in repr(session)
    assert await upload_sessions.find("other") is None


async def test_a_group_that_is_gone_by_then_is_left_out():
    account = await in_database(an_account)
    group = await in_database(lambda: KeyGroup.objects.create(name="red").pk)
    for id_, known in (("a", group), ("b", group + 1)):
        await upload_sessions.started(Session(digest(id_), "o", "p", account.pk, Tenant(7, known), URL))

    assert [(await upload_sessions.find(id_)).tenant for id_ in ("a", "b")] == [Tenant(7, group), Tenant(7, None)]


async def test_a_session_of_an_account_that_is_gone_is_over():
    await upload_sessions.started(Session(digest("secret"), "o", "p", 99, Tenant(), URL))

    assert await upload_sessions.find("secret") is None


async def test_what_goes_out_makes_a_session_unsure_and_an_answer_ends_it_once():
    session = await a_session()
    assert await upload_sessions.sending(session)
    assert (await upload_sessions.find("secret")).unsure

    await upload_sessions.update(replace(session, offset=8, unsure=False))
    assert (await upload_sessions.find("secret")) == replace(session, offset=8, unsure=False)

    final = Final(200, {"X": "y"}, b"{}")
    await upload_sessions.update(replace(session, state="final", final=final))
    await upload_sessions.update(replace(session, state="cancelled"))

    found = await upload_sessions.find("secret")
    assert (found.state, found.final, found.is_active) == ("final", final, False)


async def test_an_expired_session_is_not_found():
    await a_session()
    await UploadSession.objects.aupdate(expires_at="2020-01-01T00:00:00Z")

    assert await upload_sessions.find("secret") is None


async def test_what_waits_in_the_journal_comes_first():
    session = await a_session()
    journal.append(upload_sessions.UPLOAD, replace(session, offset=1))

    await upload_sessions.update(replace(session, offset=2))
    await journal.flush(force=True)

    assert (await upload_sessions.find("secret")).offset == 2


async def test_chunks_leave_by_the_starters_account_or_another_one_of_its_project():
    session = await a_session()
    other = await in_database(an_account, "two")
    await Account.objects.filter(pk=other.pk).aupdate(owner_project=session.project)
    await roster.refresh()
    assert upload_sessions.account_of(session).id == session.account

    assert upload_sessions.account_of(replace(session, account=None)).id in (session.account, other.pk)
    assert upload_sessions.account_of(replace(session, account=99, project=99)) is None


async def test_what_is_known_when_the_client_leaves_is_stored_all_the_same():
    session = await a_session()
    task = asyncio.create_task(upload_sessions.update(replace(session, offset=3)))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await journal.flush(force=True)

    assert (await upload_sessions.find("secret")).offset == 3
