"""The console's pages of groups of API keys, and the group on a key's page."""

import pytest
from django.urls import reverse

from accounts_app.models import ApiKey, KeyGroup, Resource
from tests.accounts_app.admin.resources.conftest import clerk, console, made

__all__ = ["clerk", "console", "made"]

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("forgetful")]

ADD, LIST = "admin:accounts_app_keygroup_add", "admin:accounts_app_keygroup_changelist"


def filled_in(**fields: object) -> dict[str, object]:
    return {"name": "green", "note": "", "max_stored_bytes": "", "max_files": "", "max_running_jobs": "", **fields}


def test_a_group_is_added_with_its_keys_and_limits(console, made):
    Resource.objects.filter(name="fileSearchStores/s").update(group=None)

    console.post(reverse(ADD), filled_in(max_files="3", api_keys=[made.phone.pk]))

    group = KeyGroup.objects.get(name="green")
    assert (group.max_files, group.max_stored_bytes) == (3, None)
    assert list(group.keys.all()) == [made.phone]
    assert made.row("fileSearchStores/s").group == group  # what the key has made has come along


def test_keys_come_and_go(console, made):
    url = reverse("admin:accounts_app_keygroup_change", args=[made.red.pk])

    console.post(url, filled_in(name="crimson", api_keys=[made.phone.pk]))

    made.red.refresh_from_db()
    assert (made.red.name, made.red.max_files) == ("crimson", None)
    assert list(ApiKey.objects.filter(group=made.red)) == [made.phone]
    assert ApiKey.objects.get(name="laptop").group is None
    assert made.row("files/a").group == made.red  # what it made stays


def test_names_are_given_once(console, made):
    page = console.post(reverse(ADD), filled_in(name="red")).content.decode()

    assert "already exists" in page
    assert KeyGroup.objects.count() == 2


def test_the_list_shows_use_beside_limits(console, made):
    page = console.get(reverse(LIST)).content.decode()

    assert "1 of 5" in page
    assert "1.9\xa0MB" in page


def test_a_deleted_group_leaves_its_keys_and_resources(console, made):
    console.post(reverse("admin:accounts_app_keygroup_delete", args=[made.red.pk]), {"post": "yes"})

    assert ApiKey.objects.get(name="laptop").group is None
    assert made.row("files/a").group is None


def test_a_keys_group_is_set_on_its_page_too(console, made):
    url = reverse("admin:accounts_app_apikey_change", args=[made.laptop.pk])

    page = console.get(url).content.decode()
    assert "cachedContents" in page
    assert f"{reverse('admin:accounts_app_resource_cancel_all')}?api_key={made.laptop.pk}" in page
    console.post(url, {"enabled": "on", "expires_at_0": "", "expires_at_1": "", "group": made.blue.pk})
    assert ApiKey.objects.get(name="laptop").group == made.blue
    console.post(url, {"enabled": "on", "expires_at_0": "", "expires_at_1": "", "group": ""})

    assert ApiKey.objects.get(name="laptop").group is None


def test_the_question_before_a_key_is_deleted_says_what_it_leaves(console, made):
    url = reverse("admin:accounts_app_apikey_delete", args=[made.laptop.pk])

    page = console.get(url).content.decode()
    console.post(url, {"post": "yes"})

    assert "“laptop” leaves behind: batches: 1, cachedContents: 1, files: 1." in page
    assert Resource.objects.filter(name="files/a").exists()
