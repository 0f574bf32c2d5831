"""The console's list of resources, and what is done with them there."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse
from django.utils import timezone

from accounts_app.admin.hooks import hooks
from accounts_app.models import ApiKey, Resource

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("forgetful")]

LIST = "admin:accounts_app_resource_changelist"


@pytest.fixture
def asked(monkeypatch) -> list[tuple[str, str]]:
    """What upstream is asked; it refuses what is named `…refused`."""
    calls: list[tuple[str, str]] = []

    def to(method: str):
        async def ask(name: str, owner: int) -> str:
            calls.append((method, name))
            return "It is in use." if name.endswith("refused") else ""

        return ask

    monkeypatch.setattr(hooks, "delete_resource", to("delete"))
    monkeypatch.setattr(hooks, "cancel_resource", to("cancel"))
    return calls


def listed(console, **query: object) -> set[str]:
    answer = console.get(reverse(LIST), query)
    return {row.name for row in answer.context["cl"].result_list}


def act(console, action: str, *rows: Resource, **more: object) -> str:
    data = {"action": action, "_selected_action": [row.pk for row in rows], **more}
    return console.post(reverse(LIST), data, follow=True).content.decode()


def test_the_list_is_filtered(console, made):
    Resource.objects.create(project=made.two, kind="files", name="files/old", expires_at=timezone.now())
    deleted = made.phone.pk
    ApiKey.objects.filter(pk=deleted).delete()

    assert listed(console, kind="files") == {"files/a", "files/old"}
    assert listed(console, group=made.red.pk) == {"files/a", "cachedContents/c", "batches/b"}
    assert listed(console, group="none") == {"files/old"}
    assert listed(console, api_key=made.laptop.pk) == {"files/a", "cachedContents/c", "batches/b"}
    assert listed(console, api_key="deleted") == {"fileSearchStores/s"}
    assert listed(console, api_key="none") == {"files/old"}
    assert listed(console, project=made.two.pk) == {"fileSearchStores/s", "files/old"}
    assert listed(console, account=made.last.pk) == {"fileSearchStores/s"}
    assert listed(console, account="none") == {"files/old"}
    assert listed(console, state="BATCH_STATE_RUNNING") == {"batches/b"}
    assert listed(console, expiry="day") == {"files/a", "cachedContents/c"}
    assert listed(console, expiry="never") == {"batches/b", "fileSearchStores/s"}
    assert listed(console, expiry="over") == {"files/old"}
    assert listed(console, expiry="later") == set()
    assert listed(console, q="files/a") == {"files/a"}


def test_a_resource_has_a_page_without_a_form(console, made):
    Resource.objects.filter(name="files/a").update(last_json='{"name":"files/a","mimeType":"text/<b>"}')

    page = console.get(reverse("admin:accounts_app_resource_change", args=[made.row("files/a").pk])).content.decode()

    assert "text/&lt;b&gt;" in page
    assert "laptop" in page
    assert 'name="_save"' not in page


def test_deleting_asks_first_and_then_upstream(console, made, asked):
    Resource.objects.create(project=made.one, kind="files", name="files/refused")
    rows = [made.row(name) for name in ("files/a", "cachedContents/c", "files/refused")]

    question = act(console, "delete_upstream", *rows)
    assert "files/refused" in question
    assert not asked
    told = act(console, "delete_upstream", *rows, confirmed="1")

    assert sorted(asked) == [("delete", "cachedContents/c"), ("delete", "files/a"), ("delete", "files/refused")]
    assert "2 resources deleted." in told
    assert "files/refused: It is in use." in told
    left = set(Resource.objects.values_list("name", flat=True))
    assert left == {"files/refused", "batches/b", "fileSearchStores/s"}
    assert LogEntry.objects.filter(object_repr="files/a").count() == 1


def test_what_no_account_can_reach_is_deleted_here_alone(console, made, asked):
    made.last.delete()

    act(console, "delete_upstream", made.row("fileSearchStores/s"), confirmed="1")

    assert not asked
    assert not Resource.objects.filter(name="fileSearchStores/s").exists()


def test_cancelling_is_of_running_jobs_alone(console, made, asked):
    told = act(console, "cancel", *Resource.objects.all())

    assert asked == [("cancel", "batches/b")]
    assert "1 job cancelled." in told
    assert made.row("batches/b").state == "BATCH_STATE_CANCELLED"
    assert "None of them is a job that runs." in act(console, "cancel", made.row("batches/b"))


def test_forgetting_asks_nobody_upstream(console, made, asked):
    act(console, "forget", made.row("files/a"), confirmed="1")

    assert not asked
    assert not Resource.objects.filter(name="files/a").exists()


@pytest.mark.parametrize(("action", "shared"), [("share_use", "use"), ("share_full", "full"), ("share_no", "")])
def test_sharing(action, shared, console, made):
    Resource.objects.update(shared="use" if shared != "use" else "")

    act(console, action, made.row("fileSearchStores/s"))

    assert made.row("fileSearchStores/s").shared == shared


@pytest.mark.parametrize(("page", "method"), [("cancel_all", "cancel"), ("delete_all", "delete")])
def test_all_of_a_group_at_once(page, method, console, made, asked):
    url = f"{reverse(f'admin:accounts_app_resource_{page}')}?group={made.red.pk}"
    expected = {"batches/b"} if method == "cancel" else {"batches/b", "files/a", "cachedContents/c"}

    question = console.get(url).content.decode()
    assert not asked
    assert all(name in question for name in expected)
    answer = console.post(url)

    assert answer.url == f"{reverse(LIST)}?group={made.red.pk}"
    assert set(asked) == {(method, name) for name in expected}


def test_who_may_only_look_does_nothing(clerk, made, asked):
    url = reverse("admin:accounts_app_resource_delete_all")

    assert listed(clerk) == set(Resource.objects.values_list("name", flat=True))
    for action in ("delete_upstream", "cancel", "forget", "share_use"):
        act(clerk, action, made.row("files/a"), confirmed="1")
    assert clerk.post(f"{url}?group={made.red.pk}").status_code == 403

    assert not asked
    assert made.row("files/a").shared == ""
    group = clerk.get(reverse("admin:accounts_app_keygroup_change", args=[made.red.pk])).content.decode()
    assert "cachedContents" in group
    assert url not in group


def test_nothing_is_done_to_all_resources_there_are(console, made, asked):
    for query in ("", "?kind=files", "?group=x"):
        assert console.post(reverse("admin:accounts_app_resource_delete_all") + query).status_code == 403

    assert not asked


def test_resources_expire_in_the_future(console, made):
    Resource.objects.filter(name="files/a").update(expires_at=timezone.now() + timedelta(days=1, hours=3))

    page = console.get(reverse(LIST)).content.decode()

    assert "in 1\xa0day" in page
