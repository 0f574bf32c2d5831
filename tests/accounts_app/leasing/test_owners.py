"""Whose a name is: found by its tenant, on every node, and by nobody else."""

import asyncio
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError
from django.utils import timezone

from accounts_app import roster
from accounts_app.leasing import owner_rows, owners
from accounts_app.leasing.names_in_memory import NamesInMemory
from accounts_app.leasing.owner_news import RESOURCE, GoneRow
from accounts_app.leasing.owner_rows import Row
from accounts_app.leasing.usage import jobs
from accounts_app.models import Account, ApiKey, FileCopy, KeyGroup, Project, Resource, SpooledFile
from accounts_app.models.resources import LONGEST_JSON
from accounts_app.pool.access.tenants import Tenant
from accounts_app.storage import journal, worker
from accounts_app.storage.worker import in_database
from tests.factories import make_account

pytestmark = [pytest.mark.usefixtures("forgetful"), pytest.mark.django_db(transaction=True)]

NOBODY = Tenant()


@pytest.fixture(autouse=True)
def database_thread():
    yield
    worker.shutdown(within=2.0)


def a_key_account(name: str = "key-1", **fields) -> Account:
    account = make_account(name, kind="gemini_api", **fields)
    roster.load_now()
    return account


def tenants() -> tuple[Tenant, Tenant, Tenant]:
    """Two keys of one group, and one of another."""
    team, others = KeyGroup.objects.create(name="team"), KeyGroup.objects.create(name="others")
    keys = [
        ApiKey.objects.create(name=name, digest=name, group=group)
        for name, group in (("alice", team), ("bob", team), ("eve", others))
    ]
    return Tenant(keys[0].pk, team.pk), Tenant(keys[1].pk, team.pk), Tenant(keys[2].pk, others.pk)


def another_node() -> None:
    """This process as it is after a restart, and as others are."""
    owners.reset()
    roster.reset()
    roster.load_now()


async def queries(of) -> int:
    """How often `of` asks the database."""
    asked = 0
    original = owner_rows.find

    def counted(*arguments):
        nonlocal asked
        asked += 1
        return original(*arguments)

    owner_rows.find = counted
    try:
        await of
    finally:
        owner_rows.find = original
    return asked


async def test_what_was_made_is_found_by_its_group_and_by_nobody_else():
    account = await in_database(a_key_account)
    alice, bob, eve = await in_database(tenants)

    await owners.made("files/a", account.pk, alice, state="ACTIVE", size_bytes=5, expires_at=time.time() + 100)

    for node in range(2):
        mine, ours = await owners.find("files/a", alice), await owners.find("files/a", bob)
        assert mine is not None
        assert ours is not None
        assert (mine.kind, mine.name, mine.state, mine.account_id) == ("files", "files/a", "ACTIVE", account.pk)
        assert mine.can_write
        assert ours.can_write
        assert await owners.find("files/a", eve) is None
        assert await owners.find("files/a", NOBODY) is None
        assert await owners.find("files/other", alice) is None
        if not node:
            await in_database(another_node)
    row = await in_database(Resource.objects.select_related("project").get)
    assert (row.size_bytes, row.api_key_id, row.group_id) == (5, alice.key, alice.group)


async def test_the_first_resource_of_an_account_makes_its_project():
    account = await in_database(a_key_account)

    await owners.made("files/a", account.pk, NOBODY)
    before = await owners.find("files/a", NOBODY)
    await owners.made("files/b", account.pk, NOBODY)
    await roster.refresh()
    after = await owners.find("files/a", NOBODY)

    project = await in_database(Project.objects.get)
    # Until the roster shows the project, a call is bound to the account, which is the same.
    assert before is not None
    assert after is not None
    assert (before.project_owner, after.project_owner) == (-account.pk, project.pk)
    assert roster.current().accounts[account.pk].owner == project.pk


async def test_a_node_whose_roster_is_a_moment_behind_goes_by_the_account():
    account = await in_database(a_key_account)
    await in_database(lambda: owner_rows.project_of(account.pk))
    project = await in_database(Project.objects.get)
    await in_database(lambda: Resource.objects.create(project=project, kind="files", name="files/a", account=account))

    found = await owners.find("files/a", NOBODY)

    assert found is not None
    assert found.project_owner == -account.pk


async def test_a_known_name_needs_no_database_and_an_unknown_one_is_asked_for_once_each_time():
    account = await in_database(a_key_account)
    alice, _, eve = await in_database(tenants)
    await owners.made("files/a", account.pk, alice)

    assert await queries(owners.find("files/a", alice)) == 0
    for name, tenant in (("files/a", eve), ("files/none", eve)):
        for _ in range(2):
            assert await queries(owners.find(name, tenant)) == 1


async def test_what_stands_below_a_resource_is_found_by_it():
    account = await in_database(a_key_account)
    for name in ("fileSearchStores/s", "batches/b", "models/m/operations/o", "environments/e"):
        await owners.made(name, account.pk, NOBODY)
    await owners.made("fileSearchStores/s/operations/known", account.pk, NOBODY, state="RUNNING")

    async def name_of(name: str) -> str | None:
        found = await owners.find(name, NOBODY)
        return found and found.name

    assert await name_of("fileSearchStores/s/documents/d") == "fileSearchStores/s"
    assert await name_of("fileSearchStores/s/upload/operations/o") == "fileSearchStores/s"
    assert await name_of("fileSearchStores/s/operations/known") == "fileSearchStores/s/operations/known"
    assert await name_of("models/m/operations/o") == "models/m/operations/o"
    assert await name_of("models/m/operations/other") is None
    assert await name_of("files/batch-b") == "batches/b"
    assert await name_of("files/environment-e") == "environments/e"


async def test_a_name_in_two_projects_is_the_keys_own_before_its_groups_before_a_shared_one():
    alice, bob, eve = await in_database(tenants)
    projects = await in_database(lambda: [Project.objects.create() for _ in range(3)])
    name = {"kind": "files", "name": "files/a"}
    rows = (
        {"api_key_id": eve.key, "group_id": eve.group, "shared": "use"},
        {"api_key_id": bob.key, "group_id": bob.group},
        {"api_key_id": alice.key, "group_id": alice.group},
    )
    for project, row in zip(projects, rows, strict=True):
        await in_database(lambda project=project, row=row: Resource.objects.create(project=project, **name, **row))
    await roster.refresh()

    found = [await owners.find("files/a", tenant) for tenant in (alice, bob, eve, NOBODY)]

    assert [each and each.project_owner for each in found] == [
        projects[2].pk,
        projects[1].pk,
        projects[0].pk,
        projects[0].pk,
    ]
    assert [each and each.can_write for each in found] == [True, True, True, False]


async def test_a_deleted_name_is_gone_with_what_stands_below_it():
    account = await in_database(a_key_account)
    for name in ("fileSearchStores/s", "fileSearchStores/s/documents/d", "fileSearchStores/S/documents/d"):
        await owners.made(name, account.pk, NOBODY)
    await roster.refresh()
    found = await owners.find("fileSearchStores/s", NOBODY)
    assert found is not None

    await owners.gone("fileSearchStores/s", found.project_owner)

    assert await owners.find("fileSearchStores/s", NOBODY) is None
    assert await in_database(lambda: [row.name for row in Resource.objects.all()]) == ["fileSearchStores/S/documents/d"]


async def test_a_name_is_deleted_also_while_its_project_is_not_known_here():
    account = await in_database(a_key_account)
    await owners.made("files/a", account.pk, NOBODY)

    await owners.gone("files/a", -account.pk)

    assert await in_database(Resource.objects.count) == 0


async def test_what_is_made_anew_is_its_new_makers():
    account = await in_database(a_key_account)
    alice, _, eve = await in_database(tenants)
    await owners.made("files/chosen", account.pk, alice)

    await owners.made("files/chosen", account.pk, eve)

    assert await owners.find("files/chosen", alice) is None
    assert await owners.find("files/chosen", eve) is not None
    assert await in_database(Resource.objects.count) == 1


async def test_a_row_goes_when_upstream_misses_it_on_two_days():
    account = await in_database(a_key_account)
    await owners.made("files/a", account.pk, NOBODY)

    async def missed() -> None:
        owners.reset()
        found = await owners.find("files/a", NOBODY)
        assert found is not None
        owners.not_there(found)
        owners.not_there(found)
        await journal.flush()

    def a_day_passes() -> None:
        Resource.objects.update(not_there_on=(datetime.now(UTC) - timedelta(days=1)).date())

    await missed()
    await in_database(a_day_passes)
    owners.reset()
    found = await owners.find("files/a", NOBODY)
    assert found is not None
    assert found.missed
    owners.seen(found)
    await journal.flush()
    await missed()
    assert await in_database(Resource.objects.count) == 1

    await in_database(a_day_passes)
    await missed()
    assert await in_database(Resource.objects.count) == 0


async def test_what_upstream_shows_is_stored_and_nothing_else_is_touched():
    account = await in_database(a_key_account)
    await owners.made("files/a", account.pk, NOBODY, state="PROCESSING", last_json='{"a":1}')
    found = await owners.find("files/a", NOBODY)
    assert found is not None

    owners.seen(found)
    assert journal.pending() == 0
    owners.seen(found, state="ACTIVE", expires_at=2_000_000_000.0)
    await journal.flush()
    owners.seen(found, last_json="x" * (LONGEST_JSON + 1))
    await journal.flush()

    row = await in_database(Resource.objects.get)
    assert (row.state, row.expires_at.timestamp(), row.last_json) == ("ACTIVE", 2_000_000_000.0, "")


async def test_a_list_has_a_tenants_own_the_newest_first_page_by_page():
    account = await in_database(a_key_account)
    alice, bob, eve = await in_database(tenants)
    for number in range(5):
        tenant = (alice, bob)[number % 2]
        await owners.made(f"files/{number}", account.pk, tenant, last_json=f'{{"n":{number}}}')
    await owners.made("files/eve", account.pk, eve)
    await owners.made("batches/b", account.pk, alice)
    await owners.made("files/over", account.pk, alice, expires_at=time.time() - 1)
    await in_database(lambda: Resource.objects.filter(kind="files").update(created_at=timezone.now()))

    first = await owners.rows("files", bob, None, 3)
    second = await owners.rows("files", bob, first[-1].position, 3)

    assert [each.found.name for each in first + second] == [f"files/{number}" for number in (4, 3, 2, 1, 0)]
    assert first[0].last_json == '{"n":4}'
    assert await owners.rows("files", NOBODY) == []


async def test_a_chosen_name_is_held_by_the_tenant_or_by_others():
    one, two = await in_database(a_key_account), await in_database(a_key_account, "key-2")
    alice, bob, eve = await in_database(tenants)
    await owners.made("files/chosen", one.pk, alice)
    await owners.made("files/chosen", two.pk, eve)
    await owners.made("files/over", two.pk, eve, expires_at=time.time() - 1)
    ours, theirs = await in_database(lambda: list(Project.objects.order_by("pk")))

    assert await owners.held("files/chosen", bob) == owners.Held(True, frozenset({theirs.pk}))
    assert await owners.held("files/chosen", eve) == owners.Held(True, frozenset({ours.pk}))
    assert await owners.held("files/chosen", NOBODY) == owners.Held(False, frozenset({ours.pk, theirs.pk}))
    assert await owners.held("files/free", bob) == owners.Held(False, frozenset())
    assert await owners.held("files/over", bob) == owners.Held(False, frozenset())


async def test_a_name_is_held_before_its_row_is_written():
    account = await in_database(a_key_account)
    alice, bob, eve = await in_database(tenants)
    journal.append(RESOURCE, GoneRow("files/gone", 0))  # so that the next one waits behind it

    await owners.made("files/waits", account.pk, alice)

    assert not await in_database(Resource.objects.exists)
    assert await owners.held("files/waits", eve) == owners.Held(False, frozenset({-account.pk}))
    assert (await owners.held("files/waits", bob)).by_tenant


async def test_it_is_known_where_bytes_can_be_had_again():
    account = await in_database(a_key_account)
    await owners.made("files/spooled", account.pk, NOBODY)
    await owners.made("files/made-by-google", account.pk, NOBODY, last_json='{"source":"GENERATED","sizeBytes":"7"}')
    await owners.made("files/plain", account.pk, NOBODY, last_json='{"source":"UPLOADED"}')
    await owners.made("files/odd", account.pk, NOBODY, last_json="[")
    await owners.made("batches/b", account.pk, NOBODY, last_json='{"source":"GENERATED"}')
    project = await in_database(Project.objects.get)

    def spool() -> None:
        row = Resource.objects.get(name="files/spooled")
        SpooledFile.objects.create(resource=row, path="p", size=1, sha256="", expires_at=timezone.now())
        FileCopy.objects.create(resource=row, project=project, name="files/c", expires_at=timezone.now())

    await in_database(spool)
    owners.reset()

    found = [await owners.find(name, NOBODY) for name in ("files/spooled", "files/made-by-google", "files/plain")]
    others = [await owners.find(name, NOBODY) for name in ("files/odd", "batches/b")]

    assert [each and each.source and (each.source.path, each.source.size) for each in found + others] == [
        ("p", 1),
        ("", 7),
        None,
        None,
        None,
    ]


async def test_while_the_database_does_not_answer_the_name_is_known_here_and_its_row_comes_later(monkeypatch):
    account = await in_database(a_key_account)
    monkeypatch.setattr(owners, "WRITE_SECONDS", 0.05)
    answers = threading.Event()
    hanging = asyncio.ensure_future(in_database(answers.wait, 5.0))
    await asyncio.sleep(0)

    began = time.monotonic()
    await owners.made("files/a", account.pk, NOBODY)
    assert time.monotonic() - began < 2.0
    assert journal.held("resource") == 1
    await owners.made("files/b", account.pk, NOBODY)
    await owners.gone("files/b", -account.pk)
    assert await queries(owners.find("files/a", NOBODY)) == 0

    answers.set()
    await hanging
    await journal.flush()
    assert await in_database(lambda: [row.name for row in Resource.objects.all()]) == ["files/a"]


async def test_a_new_name_has_its_row_at_once_also_while_other_news_wait_for_the_journal():
    account = await in_database(a_key_account)
    await owners.made("interactions/a", account.pk, NOBODY)
    found = await owners.find("interactions/a", NOBODY)
    assert found is not None
    jobs.counted("interactions/a", account.pk)
    owners.seen(found, state="completed")

    await owners.made("interactions/b", account.pk, NOBODY)

    assert journal.pending() == 2
    assert await in_database(Resource.objects.filter(name="interactions/b").exists)
    await journal.flush()


async def test_a_client_that_leaves_before_the_row_is_there_loses_it_nothing():
    account = await in_database(a_key_account)
    answers = threading.Event()
    hanging = asyncio.ensure_future(in_database(answers.wait, 5.0))
    await asyncio.sleep(0)
    making = asyncio.ensure_future(owners.made("files/a", account.pk, NOBODY))
    await asyncio.sleep(0)

    making.cancel()
    await asyncio.gather(making, return_exceptions=True)
    answers.set()
    await hanging
    await journal.flush()

    assert await in_database(Resource.objects.count) == 1


async def test_without_a_database_known_names_are_served_and_others_are_an_error(monkeypatch):
    account = await in_database(a_key_account)
    await owners.made("files/a", account.pk, NOBODY)
    monkeypatch.setattr(owners, "FRESH_SECONDS", -1.0)
    await owners.made("files/b", account.pk, NOBODY)

    def away(*_) -> None:
        raise DatabaseError("away")

    monkeypatch.setattr(owner_rows, "find", away)

    assert await owners.find("files/a", NOBODY) is not None
    assert await owners.find("files/b", NOBODY) is not None
    with pytest.raises(DatabaseError):
        await owners.find("files/c", NOBODY)


async def test_what_an_account_made_that_is_gone_meanwhile_has_no_row():
    account = await in_database(a_key_account)
    await in_database(lambda: Account.objects.filter(pk=account.pk).delete())

    await owners.made("files/a", account.pk, NOBODY)

    assert await in_database(Resource.objects.count) == await in_database(Project.objects.count) == 0
    assert journal.pending() == 0


async def test_a_group_that_is_gone_meanwhile_leaves_the_name_to_its_key():
    account = await in_database(a_key_account)

    await owners.made("files/a", account.pk, Tenant(5, 77))

    row = await in_database(Resource.objects.get)
    assert (row.api_key_id, row.group_id) == (5, None)


def test_names_in_memory_are_bounded_and_the_one_used_longest_ago_goes():
    names = NamesInMemory(3)
    rows = {name: Row(1, 1, 1, None, None, "files", name, "", "") for name in "abcd"}
    for name in "abc":
        names.put(name, NOBODY, rows[name], 10.0)
    names.get("a", NOBODY, 0.0)

    names.put("d", NOBODY, rows["d"], 10.0)

    assert len(names) == 3
    assert names.get("b", NOBODY, 0.0) == (None, False)
    assert names.get("a", NOBODY, 0.0) == (rows["a"], True)
    assert names.get("a", NOBODY, 11.0) == (rows["a"], False)
    names.replace("a", NOBODY, rows["d"], rows["c"])
    assert names.get("a", NOBODY, 0.0)[0] is rows["a"]
    names.forget("a")
    names.forget("nothing")
    assert (names.get("a", NOBODY, 0.0), len(names)) == ((None, False), 2)


async def test_what_a_group_has_stored_and_running_is_counted_without_what_is_shared():
    account = await in_database(a_key_account)
    alice, bob, eve = await in_database(tenants)
    await owners.made("files/a", account.pk, alice, size_bytes=5)
    await owners.made("files/b", account.pk, bob, size_bytes=6)
    await owners.made("batches/b", account.pk, bob, state="BATCH_STATE_RUNNING")
    await owners.made("batches/done", account.pk, bob, state="BATCH_STATE_SUCCEEDED")
    await owners.made("files/over", account.pk, bob, size_bytes=7, expires_at=time.time() - 1)
    await owners.made("files/eve", account.pk, eve, size_bytes=8)
    await in_database(lambda: Resource.objects.filter(name="files/eve").update(shared="use"))

    assert await owners.stored(alice, jobs.RUNNING) == owners.Stored(11, 2, 1)
    assert await owners.stored(NOBODY, jobs.RUNNING) == owners.Stored(0, 0, 0)


async def test_what_was_missed_for_a_moment_is_not_missed_once_it_is_seen_again():
    account = await in_database(a_key_account)
    await owners.made("files/a", account.pk, NOBODY)
    found = await owners.find("files/a", NOBODY)
    assert found is not None

    owners.not_there(found)
    again = await owners.find("files/a", NOBODY)
    assert again is not None
    assert again.missed
    owners.seen(again)
    await journal.flush()

    last = await owners.find("files/a", NOBODY)
    assert last is not None
    assert not last.missed
    assert await in_database(lambda: Resource.objects.get().not_there_on) is None
