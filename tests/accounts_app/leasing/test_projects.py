"""Projects are learnt from upstream's errors, and two rows of one project become one."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts_app import roster
from accounts_app.leasing import projects
from accounts_app.models import (
    Account,
    FileCopy,
    HomeProject,
    Project,
    ProjectUse,
    Resource,
    Rest,
    UploadSession,
)
from accounts_app.storage import journal, worker
from accounts_app.storage.worker import in_database
from tests.factories import make_account

pytestmark = [pytest.mark.usefixtures("forgetful"), pytest.mark.django_db(transaction=True)]

NOW = timezone.now()
SOON = NOW + timedelta(hours=1)


@pytest.fixture(autouse=True)
def database_thread():
    yield
    worker.shutdown(within=2.0)


def a_key(name: str = "key-1", project: Project | None = None) -> Account:
    return make_account(name, kind="gemini_api", owner_project=project)


def project_of(account: Account) -> Project | None:
    account.refresh_from_db()
    return account.owner_project


def test_an_account_without_a_project_gets_the_one_of_that_number_or_a_new_one():
    one, two, three = a_key("one"), a_key("two"), a_key("three")

    projects.learn(one.pk, "12345")
    projects.learn(two.pk, "12345")
    projects.learn(three.pk, "", "my-project")

    assert project_of(one) == project_of(two) == Project.objects.get(number="12345")
    assert project_of(three) == Project.objects.get(project_id="my-project")
    assert projects.learn(99, "12345") is None


def test_a_project_that_is_known_by_nothing_gets_its_number():
    stand_in = Project.objects.create()
    account = a_key(project=stand_in)

    assert projects.learn(account.pk, "12345") == stand_in.pk
    assert projects.learn(account.pk, "12345") == stand_in.pk

    assert Project.objects.get().number == "12345"


def test_learning_that_two_accounts_share_a_project_merges_them():
    known, stand_in = Project.objects.create(number="12345"), Project.objects.create()
    account = a_key(project=stand_in)
    Resource.objects.create(project=stand_in, kind="files", name="files/a")

    projects.learn(account.pk, "12345")

    assert project_of(account) == known == Project.objects.get()
    assert Resource.objects.get().project == known


def test_an_account_that_has_a_key_of_another_project_now_moves_alone(caplog):
    before = Project.objects.create(number="12345")
    account, other = a_key("one", before), a_key("two", before)
    Resource.objects.create(project=before, kind="files", name="files/a")

    projects.learn(account.pk, "67890")

    assert project_of(account) == Project.objects.get(number="67890")
    assert project_of(other) == before == Resource.objects.get().project
    assert "another project" in caplog.text


async def test_what_upstream_names_is_written_once_and_what_is_no_name_is_not():
    account = await in_database(a_key)
    no_key = await in_database(make_account)
    await roster.refresh()

    projects.named(no_key.pk, "projects/12345")
    for consumer in ("api_key:AIzaSecret", "projects/", "projects/-", "projects/12345/x", "12345", ""):
        projects.named(account.pk, consumer)
    assert journal.pending() == 0
    projects.named(account.pk, "projects/12345")
    projects.named(99, "projects/12345")
    await journal.flush()
    await roster.refresh()
    projects.named(account.pk, "projects/12345")
    assert journal.pending() == 0

    assert roster.current().projects[roster.current().accounts[account.pk].owner].number == "12345"
    projects.named(account.pk, "projects/my-project")
    await journal.flush()
    assert await in_database(lambda: Project.objects.get().project_id) == "my-project"


def test_a_merge_takes_everything_along():
    into, other = (
        Project.objects.create(name="First", requests_per_day=5),
        Project.objects.create(number="12345", name="Second", requests_per_day=9, tokens_per_day=7),
    )
    one, two = a_key("one", into), a_key("two", other)
    Resource.objects.create(project=other, kind="files", name="files/a")
    UploadSession.objects.create(project=other, digest="d", operation="o", path="p", expires_at=SOON)
    HomeProject.objects.create(project=other, tenant="key 1")
    hour = NOW.replace(minute=0, second=0, microsecond=0)
    for project, requests in ((into, 1), (other, 2)):
        ProjectUse.objects.create(project=project, hour=hour, requests=requests, tokens=10, updated_at=NOW)
    ProjectUse.objects.create(project=other, hour=hour - timedelta(hours=1), requests=7, updated_at=NOW)

    projects.merge(into.pk, other.pk)

    merged = Project.objects.get()
    assert (merged.pk, merged.number, merged.name) == (into.pk, "12345", "First")
    assert (merged.requests_per_day, merged.tokens_per_day) == (5, 7)
    assert project_of(one) == project_of(two) == merged
    assert {Resource.objects.get().project, UploadSession.objects.get().project} == {merged}
    assert HomeProject.objects.get().project == merged
    uses = ProjectUse.objects.order_by("hour").values_list("requests", "tokens")
    assert list(uses) == [(7, 0), (3, 20)]


def test_of_two_resources_of_one_name_the_later_made_stays():
    into, other = Project.objects.create(), Project.objects.create()
    for name, ours, theirs in (("files/a", 1, 2), ("files/b", 2, 1), ("files/c", 1, 1)):
        for project, hour in ((into, ours), (other, theirs)):
            made = NOW + timedelta(hours=hour)
            Resource.objects.create(project=project, kind="files", name=name, created_at=made, state=str(project.pk))

    projects.merge(into.pk, other.pk)

    kept = dict(Resource.objects.filter(project=into).values_list("name", "state"))
    assert kept == {"files/a": str(other.pk), "files/b": str(into.pk), "files/c": str(into.pk)}
    assert Resource.objects.count() == 3


def test_copies_stay_where_they_are_of_use():
    into, other, third = (Project.objects.create() for _ in range(3))
    ours, theirs, foreign = (
        Resource.objects.create(project=project, kind="files", name=f"files/{project.pk}")
        for project in (into, other, third)
    )
    for resource, project in ((ours, other), (theirs, into), (foreign, into), (foreign, other), (ours, third)):
        FileCopy.objects.create(resource=resource, project=project, name=f"{project.pk}", expires_at=SOON)

    projects.merge(into.pk, other.pk)

    assert set(FileCopy.objects.values_list("resource", "project")) == {(foreign.pk, into.pk), (ours.pk, third.pk)}


def test_cooldowns_of_quotas_become_every_accounts_the_longest_of_each_model():
    into, other = Project.objects.create(), Project.objects.create()
    one, two = a_key("one", into), a_key("two", other)
    later = SOON + timedelta(hours=1)
    rows = (
        (one, "pro", "quota_exhausted", SOON),
        (two, "pro", "rate_limited", later),
        (one, "flash", "rate_limited", SOON),
        (two, "lite", "overloaded", SOON),
        (two, "over", "rate_limited", NOW - timedelta(hours=1)),
    )
    for account, model, reason, until in rows:
        Rest.objects.create(account=account, model=model, reason=reason, until=until, streak=1)

    projects.merge(into.pk, other.pk)

    found = {(row.account_id, row.model): row.until for row in Rest.objects.filter(until__gt=NOW)}
    assert found == {
        (one.pk, "pro"): later,
        (two.pk, "pro"): later,
        (one.pk, "flash"): SOON,
        (two.pk, "flash"): SOON,
        (two.pk, "lite"): SOON,
    }


def test_a_merge_with_itself_does_nothing_and_with_nothing_is_refused():
    project = Project.objects.create(number="1")

    projects.merge(project.pk, project.pk)
    with pytest.raises(Project.DoesNotExist):
        projects.merge(project.pk, 99)

    assert Project.objects.count() == 1
