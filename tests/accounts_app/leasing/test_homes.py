"""Where a tenant's creates go that name nothing."""

import asyncio
from collections import Counter
from datetime import timedelta

import pytest
from django.db import DatabaseError
from django.utils import timezone

from accounts_app import leasing, roster
from accounts_app.leasing import owner_rows, owners
from accounts_app.models import Account, ApiKey, HomeProject, KeyGroup, KeyUse, Project, Resource, Rest
from accounts_app.pool.access.tenants import Tenant
from accounts_app.storage import worker
from accounts_app.storage.worker import in_database
from tests.factories import make_account

pytestmark = [pytest.mark.usefixtures("forgetful"), pytest.mark.django_db(transaction=True)]

PRO, FLASH = "gemini-2.5-pro", "gemini-2.5-flash"
ONE, TWO = Tenant(1), Tenant(2)


@pytest.fixture(autouse=True)
def database_thread():
    yield
    worker.shutdown(within=2.0)


def some_projects(count: int = 3, accounts: int = 1) -> list[int]:
    made = []
    for number in range(count):
        project = Project.objects.create(number=str(number + 1))
        made.append(project.pk)
        for each in range(accounts):
            make_account(f"key-{number}-{each}", kind="gemini_api", owner_project=project)
    roster.load_now()
    return made


def change(project: int, **columns: object) -> None:
    Account.objects.filter(owner_project=project).update(**columns)
    roster.load_now()


def spend(project: int, *models: str) -> None:
    """The day's quota of every account of a project is used up for these models."""
    soon = timezone.now() + timedelta(hours=5)
    for account in Account.objects.filter(owner_project=project):
        for model in models:
            Rest.objects.create(account=account, model=model, until=soon, reason="quota_exhausted", streak=1)
    roster.load_now()
    leasing.cooldowns(0.0)


async def test_a_home_is_stored_and_is_the_same_on_every_node():
    projects = await in_database(some_projects)

    first = await owners.home(ONE)
    await in_database(lambda: (roster.reset(), roster.load_now()))

    assert first in projects
    assert await owners.home(ONE) == await owners.home(ONE, PRO) == first
    assert await in_database(lambda: list(HomeProject.objects.values_list("tenant", "project"))) == [("key 1", first)]


async def test_tenants_are_spread_over_projects():
    await in_database(some_projects, 4)

    homes = Counter([await owners.home(Tenant(number)) for number in range(40)])

    assert len(homes) == 4
    assert max(homes.values()) <= 20


async def test_a_group_has_one_home():
    await in_database(some_projects, 8)

    assert len({await owners.home(Tenant(number, 7)) for number in range(8)}) == 1


async def test_the_first_create_on_an_account_makes_its_project_and_several_at_once_agree():
    account = await in_database(lambda: (make_account("key", kind="gemini_api"), roster.load_now())[0])

    found = await asyncio.gather(*(owners.home(ONE) for _ in range(5)))

    project = await in_database(Project.objects.get)
    assert set(found) == {project.pk}
    assert roster.current().accounts[account.pk].owner == project.pk


async def test_the_loser_of_a_race_takes_the_winners():
    await in_database(some_projects)
    first = await owners.home(ONE)
    other = await in_database(lambda: Project.objects.exclude(pk=first).first().pk)

    # Another node was first, and the roster does not show it yet.
    assert await in_database(owner_rows.set_home, ONE.text, other, None) == first
    assert await in_database(owner_rows.set_home, ONE.text, other + 1000, None) is None


async def test_a_home_without_an_account_in_service_is_left():
    await in_database(some_projects)
    first = await owners.home(ONE)

    await in_database(lambda: change(first, enabled=False))
    second = await owners.home(ONE)
    await in_database(lambda: change(first, enabled=True))

    assert second not in (None, first)
    assert await owners.home(ONE) == second


async def test_a_model_that_the_home_does_not_serve_goes_elsewhere_and_the_home_stays():
    await in_database(some_projects)
    first = await owners.home(ONE)
    await in_database(lambda: change(first, allowed_models=["other"]))

    assert await owners.home(ONE, PRO) not in (None, first)
    assert await owners.home(ONE) == first


async def test_what_is_to_be_avoided_is_passed_over_for_that_call_alone():
    projects = await in_database(some_projects)
    first = await owners.home(ONE)

    assert await owners.home(ONE, avoid={first}) in set(projects) - {first}
    assert await owners.home(ONE, avoid=projects) is None
    assert await owners.home(ONE) == first


async def test_a_home_whose_quota_is_spent_moves_when_nothing_is_alive_there():
    await in_database(some_projects)
    first = await owners.home(ONE, PRO)
    await in_database(lambda: spend(first, PRO))

    assert await owners.home(ONE, FLASH) == first
    second = await owners.home(ONE, PRO)

    assert second not in (None, first)
    assert await owners.home(ONE, FLASH) == second


async def test_it_stays_while_something_is_alive_or_another_model_that_is_used_has_quota():
    await in_database(some_projects)
    key = await in_database(lambda: ApiKey.objects.create(name="k", digest="d"))
    tenant = Tenant(key.pk)
    first = await owners.home(tenant, PRO)
    await in_database(lambda: spend(first, PRO))
    alive = await in_database(
        lambda: Resource.objects.create(project_id=first, kind="files", name="files/a", api_key=key)
    )

    assert await owners.home(tenant, PRO) == first
    await in_database(alive.delete)
    used = await in_database(
        lambda: KeyUse.objects.create(
            api_key=key, hour=timezone.now(), model=FLASH, requests=1, updated_at=timezone.now()
        )
    )
    assert await owners.home(tenant, PRO) == first
    await in_database(lambda: KeyUse.objects.filter(pk=used.pk).update(hour=timezone.now() - timedelta(days=2)))
    assert await owners.home(tenant, PRO) != first


async def test_with_everything_spent_everywhere_it_stays():
    (only,) = await in_database(some_projects, 1, 2)
    first = await owners.home(ONE, PRO)
    await in_database(lambda: spend(only, ""))

    assert await owners.home(ONE, PRO) == first == only


async def test_an_exclusive_project_is_its_groups_home_and_nobody_elses():
    projects = await in_database(some_projects, 4)
    group = await in_database(lambda: KeyGroup.objects.create(name="team"))
    await in_database(lambda: Project.objects.filter(pk=projects[0]).update(exclusive_to=group))
    await roster.refresh()

    assert await owners.home(Tenant(1, group.pk)) == projects[0]
    assert projects[0] not in {await owners.home(Tenant(number)) for number in range(20)}


async def test_names_nobody_knows_are_asked_for_in_exclusive_projects_and_with_one_tenant_in_all():
    projects = await in_database(some_projects, 3)
    group = await in_database(lambda: KeyGroup.objects.create(name="team"))
    key = await in_database(lambda: ApiKey.objects.create(name="k", digest="d", group=group))
    team, stranger = Tenant(key.pk, group.pk), Tenant(99)
    await roster.refresh()
    assert owners.exclusive(team) == projects
    assert owners.exclusive(stranger) == []

    await in_database(lambda: ApiKey.objects.create(name="other", digest="e"))
    await roster.refresh()
    assert owners.exclusive(team) == []

    await in_database(lambda: Project.objects.filter(pk=projects[1]).update(exclusive_to=group))
    await roster.refresh()
    assert owners.exclusive(team) == [projects[1]]
    assert owners.exclusive(stranger) == []


async def test_without_an_account_that_can_there_is_no_home():
    await in_database(lambda: (make_account("alice@example.com"), roster.load_now()))

    assert await owners.home(ONE) is None


async def test_without_a_database_creates_go_where_they_would(monkeypatch):
    projects = await in_database(some_projects)
    first = await owners.home(ONE)

    def away(*_) -> None:
        raise DatabaseError("away")

    monkeypatch.setattr(owner_rows, "set_home", away)
    monkeypatch.setattr(owner_rows, "may_leave", away)

    assert await owners.home(TWO) == await owners.home(TWO) in projects
    await in_database(lambda: spend(first, PRO))
    assert await owners.home(ONE, PRO) == first
