"""The console's pages of Google's projects."""

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts_app.models import Account, Project, ProjectUse, Resource
from tests.factories import make_account

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("forgetful")]

LIST = "admin:accounts_app_project_changelist"


def filled_in(**fields: object) -> dict[str, object]:
    blank = dict.fromkeys(
        ("name", "number", "project_id", "exclusive_to", "requests_per_minute", "requests_per_day", "tokens_per_minute",
         "tokens_per_day"), ""
    )  # fmt: skip
    return {**blank, **fields}


def change(project: Project) -> str:
    return reverse("admin:accounts_app_project_change", args=[project.pk])


def test_a_project_is_added_and_changed(console, made):
    console.post(reverse("admin:accounts_app_project_add"), filled_in(number="4444", requests_per_day="7"))
    project = Project.objects.get(number="4444")

    console.post(change(project), filled_in(name="mine", project_id="my-id", exclusive_to=made.red.pk))

    project.refresh_from_db()
    assert (project.number, project.project_id, str(project)) == ("", "my-id", "mine")
    assert (project.requests_per_day, project.exclusive_to) == (None, made.red)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"number": "12x"}, "digits only"),
        ({"project_id": "1234"}, "not a project id"),
        ({"number": "1111"}, "This project is already here."),
        ({"requests_per_day": "0"}, "at least 1"),
    ],
)
def test_what_is_no_project_is_refused(fields, words, console, made):
    page = console.post(reverse("admin:accounts_app_project_add"), filled_in(**fields)).content.decode()

    assert words in page
    assert Project.objects.count() == 2


def test_its_page_shows_accounts_resources_and_todays_use(console, made, settings):
    Project.objects.filter(pk=made.one.pk).update(requests_per_day=1500)
    now = timezone.now()
    ProjectUse.objects.create(project=made.one, hour=now, requests=321, tokens=4567, updated_at=now)

    page = console.get(change(made.one)).content.decode()

    assert "321 / 1,500 requests, 4,567 tokens" in page
    assert ">a</a>, <a" in page
    assert "cachedContents" in page


def test_merging_asks_which_one_stays(console, made):
    stand_in = Project.objects.create()
    account = make_account("d", kind="gemini_api", owner_project=stand_in)
    chosen = {"action": "merge", "_selected_action": [made.one.pk, stand_in.pk]}

    question = console.post(reverse(LIST), chosen).content.decode()
    assert f'value="{stand_in.pk}"' in question
    console.post(reverse(LIST), {**chosen, "into": made.one.pk, "confirmed": "1"})

    account.refresh_from_db()
    assert account.owner_project == made.one
    assert not Project.objects.filter(pk=stand_in.pk).exists()


def test_two_that_are_two_are_not_merged(console, made):
    Project.objects.filter(pk=made.two.pk).update(number="2222")
    chosen = {"action": "merge", "_selected_action": [made.one.pk, made.two.pk], "into": made.one.pk, "confirmed": "1"}

    page = console.post(reverse(LIST), chosen, follow=True).content.decode()

    assert "these are two projects" in page
    assert Project.objects.count() == 2


def test_one_with_accounts_or_resources_cannot_be_deleted(console, made):
    empty = Project.objects.create(number="3333")
    delete = "admin:accounts_app_project_delete"

    assert console.post(reverse(delete, args=[made.one.pk]), {"post": "yes"}).status_code == 403
    console.post(reverse(delete, args=[empty.pk]), {"post": "yes"})

    assert set(Project.objects.all()) == {made.one, made.two}
    assert "delete_selected" not in console.get(reverse(LIST)).content.decode()


def test_names_are_imported_for_a_group_or_shared(console, made):
    url = reverse("admin:accounts_app_project_import_names", args=[made.two.pk])

    told = console.post(url, {"names": "fileSearchStores/x\nfiles/", "group": made.red.pk, "shared": ""}, follow=True)
    assert "1 name imported." in told.content.decode()
    assert "files/" in told.content.decode()
    refused = console.post(url, {"names": "fileSearchStores/y", "group": "", "shared": ""}).content.decode()
    console.post(url, {"names": "fileSearchStores/z", "group": "", "shared": "use"})

    assert Resource.objects.get(name="fileSearchStores/x").group == made.red
    assert "Choose a group" in refused
    assert Resource.objects.get(name="fileSearchStores/z").shared == "use"


def test_an_accounts_page_says_what_is_lost_with_it_and_sets_its_project(console, made):
    url = reverse("admin:accounts_app_account_change", args=[made.last.pk])

    assert "the last account of its project. Nobody could reach any more: fileSearchStores: 1." in (
        console.get(url).content.decode()
    )
    question = console.get(reverse("admin:accounts_app_account_delete", args=[made.last.pk])).content.decode()
    assert "Nobody can reach any more: fileSearchStores: 1." in question
    first = Account.objects.get(email="a")
    assert "Nothing is lost." in (
        console.get(reverse("admin:accounts_app_account_change", args=[first.pk])).content.decode()
    )

    blank = {"kind": "gemini_api", "email": "c", "enabled": "on", "priority": "0", "max_concurrency": "", "api_key": ""}
    console.post(url, {**blank, "allowed_models": "", "proxy": "", "owner_project": made.one.pk})

    made.last.refresh_from_db()
    assert made.last.owner_project == made.one
