"""What an operator does with projects and groups."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts_app.actions import groups, projects
from accounts_app.actions.projects import Imported, Kept, NotPossible
from accounts_app.models import Account, ApiKey, KeyGroup, Project, Resource
from accounts_app.pool.access.tenants import Tenant
from tests.factories import make_account

pytestmark = pytest.mark.django_db


def a_key(name: str, group: int | None = None) -> ApiKey:
    return ApiKey.objects.create(name=name, digest=name, group_id=group)


def an_account(name: str, project: int | None = None, **fields) -> Account:
    return make_account(name, **{"kind": "gemini_api", "owner_project_id": project} | fields)


def a_file(project: int, name: str, **fields) -> Resource:
    return Resource.objects.create(project_id=project, kind=name.partition("/")[0], name=name, **fields)


def test_a_project_is_created_renamed_and_limited():
    project = projects.create(number="12345", name=" First ", requests_per_day=100)

    projects.rename(project, " Main ")
    projects.change(project, tokens_per_minute=5, project_id="my-project")

    row = Project.objects.get()
    assert (row.number, row.project_id, row.name) == ("12345", "my-project", "Main")
    assert (row.requests_per_day, row.tokens_per_minute) == (100, 5)


@pytest.mark.parametrize(
    "columns",
    [{"number": "12345"}, {"number": "my-project"}, {"project_id": "67890"}, {"project_id": "a/b"}],
    ids=["here already", "no number", "a number for an id", "no id"],
)
def test_a_project_is_not_added_or_changed(columns):
    projects.create(number="12345")
    other = projects.create(number="99999")

    with pytest.raises(NotPossible):
        projects.create(**columns)
    with pytest.raises(NotPossible):
        projects.change(other, **columns)
    with pytest.raises(TypeError):
        projects.change(other, exclusive_to=1)


def test_accounts_are_assigned_and_a_stand_in_that_is_left_empty_is_merged():
    project, stand_in, named = projects.create(number="12345"), projects.create(), projects.create(number="9")
    one, two = an_account("one", stand_in), an_account("two", named)
    google = an_account("alice@example.com", kind="cloud_code")
    a_file(stand_in, "files/a")

    assert projects.assign([one.pk, two.pk, google.pk], project) == 2
    assert projects.assign([one.pk], project) == 0

    assert set(Account.objects.filter(owner_project=project)) == {one, two}
    assert Resource.objects.get().project_id == project
    assert set(Project.objects.values_list("pk", flat=True)) == {project, named}
    assert projects.assign([one.pk], None) == 1


def test_projects_with_different_numbers_are_not_merged():
    one, two, unknown = projects.create(number="1234"), projects.create(number="5678"), projects.create()

    for pair in ((one, two), (one, one), (one, 99)):
        with pytest.raises(NotPossible):
            projects.merge(*pair)
    projects.merge(one, unknown)

    assert Project.objects.count() == 2


def test_a_project_is_made_exclusive_and_everybodys_again():
    project, group = projects.create(), groups.create("team")

    projects.make_exclusive(project, group)
    assert Project.objects.get().exclusive_to_id == group
    projects.make_exclusive(project, None)
    assert Project.objects.get().exclusive_to_id is None


def test_names_are_imported_for_a_group_or_shared_with_everybody():
    project, group = projects.create(), groups.create("team")
    key = a_key("laptop")
    a_file(project, "files/here")
    names = ["fileSearchStores/s", " fileSearchStores/s ", "files/here", "models/m", "nothing", "files/../x", ""]

    assert projects.import_names(project, names, group=group) == Imported(
        1, ("models/m", "nothing", "files/../x", "files/here")
    )
    projects.import_names(project, ["tunedModels/t"], shared="use")
    projects.import_names(project, ["models/m/operations/o"], key=key.pk)

    def owned(name: str, tenant: Tenant) -> bool:
        row = Resource.objects.get(name=name)
        return tenant.owns(row.api_key_id, row.group_id, row.shared)

    assert owned("fileSearchStores/s", Tenant(5, group))
    assert not owned("fileSearchStores/s", Tenant())
    assert owned("tunedModels/t", Tenant())
    assert not Tenant().made(Resource.objects.get(name="tunedModels/t").api_key_id, None)
    assert owned("models/m/operations/o", Tenant(key.pk))
    assert Resource.objects.get(name="models/m/operations/o").kind == "models"
    with pytest.raises(NotPossible):
        projects.import_names(project, ["files/b"])
    with pytest.raises(TypeError):
        projects.import_names(project, ["files/b"], shared="with all")


def test_what_is_shared_is_no_longer_when_the_operator_says_so():
    project = projects.create()
    row = a_file(project, "fileSearchStores/s")

    assert projects.share([row.pk], "full") == 1
    assert projects.share([row.pk], "full") == 0
    assert projects.share([row.pk], "") == 1


def test_what_is_lost_without_accounts_is_that_of_projects_without_another():
    one, two = projects.create(number="1111"), projects.create(number="2222")
    a, b, c = an_account("a", one), an_account("b", one), an_account("c", two)
    for project, name, size in (
        (one, "files/1", 5),
        (one, "files/2", 6),
        (one, "batches/b", None),
        (two, "files/3", 7),
    ):
        a_file(project, name, size_bytes=size)
    a_file(one, "files/over", expires_at=timezone.now() - timedelta(hours=1))

    assert projects.lost_without([a.pk]) == []
    assert projects.lost_without([c.pk]) == [Kept(two, "files", 1, 7)]
    assert projects.lost_without([a.pk, b.pk]) == [Kept(one, "batches", 1, 0), Kept(one, "files", 2, 11)]
    assert len(projects.kept()) == 3


def test_what_a_key_leaves_behind_is_what_it_made_and_is_alive():
    project = projects.create()
    key, other = a_key("laptop"), a_key("phone")
    for number, owner in enumerate((key, key, other)):
        a_file(project, f"batches/{number}", api_key=owner)
    a_file(project, "files/over", api_key=key, expires_at=timezone.now() - timedelta(hours=1))

    assert [row.name for row in projects.left_by(key.pk)] == ["batches/1", "batches/0"]


def test_a_group_is_created_changed_joined_left_and_deleted():
    project = projects.create()
    key = a_key("laptop")
    a_file(project, "files/a", api_key=key)
    group = groups.create(" team ", max_files=5)

    assert groups.join([key.pk], group) == 1
    assert groups.join([key.pk], group) == 0
    assert Resource.objects.get().group_id == group
    groups.change(group, name="crew", max_files=None)
    row = KeyGroup.objects.get()
    assert (row.name, row.max_files) == ("crew", None)
    assert groups.leave([key.pk]) == 1
    assert Resource.objects.get().group_id == group
    groups.delete(group)
    assert (Resource.objects.get().group_id, Resource.objects.get().api_key_id) == (None, key.pk)


@pytest.mark.parametrize("name", ["", " ", "x" * 65, "team"])
def test_a_group_needs_a_name_of_its_own(name):
    groups.create("team")
    other = groups.create("other")

    with pytest.raises(NotPossible):
        groups.create(name)
    with pytest.raises(NotPossible):
        groups.change(other, name=name)
    with pytest.raises(TypeError):
        groups.change(other, keys=[])
