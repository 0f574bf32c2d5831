"""The console's list of resources, and what is done with them there."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse
from django.utils import timezone

from accounts_app.models import ApiKey, Resource, RunningJob
from emulator import Emulator
from tests.factories import a_cache, a_prompt

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("forgetful")]

LIST = "admin:accounts_app_resource_changelist"


@dataclass
class Google:
    """Upstream, which has what `red` has made, under the names of its rows."""

    emulator: Emulator
    key: str

    def make(self, path: str, body: dict[str, object]) -> str:
        """The name of a new resource."""
        made = httpx.post(f"{self.emulator.url}/v1beta/{path}", json=body, headers={"x-goog-api-key": self.key})
        answer = made.raise_for_status().json()
        return answer["name"] if "name" in answer else f"{path}/{answer['id']}"

    def has(self, name: str) -> dict[str, Any] | None:
        found = httpx.get(f"{self.emulator.url}/v1beta/{name}", headers={"x-goog-api-key": self.key})
        return found.json() if found.status_code == 200 else None

    def asked(self) -> set[tuple[str, str]]:
        """What the console has asked it to do."""
        calls = ("deleteFile", "deleteCachedContent", "deleteBatch", "cancelBatch", "cancelInteraction")
        found = [each for call in calls for each in self.emulator.requests_of(call)]
        return {(each.http_method, each.path.removeprefix("/v1beta/")) for each in found}


@pytest.fixture
def slow() -> Iterator[Emulator]:
    """Its jobs run for as long as a test does."""
    with Emulator(job_seconds=3600.0) as emulator:
        yield emulator


@pytest.fixture
def google(made, slow, settings) -> Google:
    settings.GEMINI_API_URL = slow.url
    for name, project in (("a", "1111"), ("b", "1111"), ("c", "2222")):
        slow.add_account(name, api_key=f"access-{name}", project=project)
    google = Google(slow, "access-a")
    slow.add_file("a", b"a film", id="a")
    requests = [{"request": a_prompt("What is 6*7?"), "metadata": {"key": "one"}}]
    batch = {"batch": {"displayName": "b", "inputConfig": {"requests": {"requests": requests}}}}
    for row, name in (
        ("cachedContents/c", google.make("cachedContents", a_cache())),
        ("batches/b", google.make("models/gemini-2.5-flash:batchGenerateContent", batch)),
    ):
        Resource.objects.filter(name=row).update(name=name)
    return google


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
    assert "not shared" in page
    assert "[&#x27;" not in page and "(&#x27;" not in page  # no value as Python writes it
    assert 'name="_save"' not in page


def test_a_heading_has_an_objects_name_as_it_is(console, made):
    page = console.get(reverse("admin:accounts_app_resource_change", args=[made.row("files/a").pk])).content.decode()

    assert "files/a" in page and "Files/a" not in page


def test_the_list_tells_a_state_without_its_kind(console, made):
    page = console.get(reverse(LIST)).content.decode()

    assert ">RUNNING<" in "".join(page.split())


def test_deleting_asks_first_and_then_upstream(console, made, google):
    Resource.objects.create(project=made.one, kind="files", name="files/nowhere")
    rows = Resource.objects.filter(kind__in=["files", "cachedContents"])
    cache = rows.get(kind="cachedContents").name

    question = act(console, "delete_upstream", *rows)
    assert "files/nowhere" in question
    assert not google.asked()
    told = act(console, "delete_upstream", *rows, confirmed="1")

    assert google.asked() == {("DELETE", name) for name in ("files/a", cache, "files/nowhere")}
    assert (google.has("files/a"), google.has(cache)) == (None, None)
    assert "2 resources deleted." in told
    (said,) = [line.strip() for line in told.splitlines() if "files/nowhere: " in line]
    assert "You do not have permission to access the File nowhere or it may not exist." in said
    assert set(rows.values_list("name", flat=True)) == {"files/nowhere"}
    assert LogEntry.objects.filter(object_repr="files/a").count() == 1


def test_what_no_account_can_reach_is_deleted_here_alone(console, made, google):
    made.last.delete()

    act(console, "delete_upstream", made.row("fileSearchStores/s"), confirmed="1")

    assert not google.asked()
    assert not Resource.objects.filter(name="fileSearchStores/s").exists()


def test_cancelling_is_of_running_jobs_alone(console, made, google):
    job = Resource.objects.get(kind="batches")

    told = act(console, "cancel", *Resource.objects.all())

    assert google.asked() == {("POST", f"{job.name}:cancel")}
    assert google.has(job.name)["metadata"]["state"] == "BATCH_STATE_CANCELLED"
    assert "1 job cancelled." in told
    job.refresh_from_db()
    assert job.state == "BATCH_STATE_CANCELLED"
    assert "None of them is a job that runs." in act(console, "cancel", job)


@pytest.fixture
def thinking(made, google) -> Resource:
    """An interaction of red's that runs in the background."""
    name = google.make("interactions", {"model": "gemini-3.5-flash", "input": "Hello", "background": True})
    row = Resource.objects.create(
        kind="interactions", name=name, state="in_progress", project=made.one, group=made.red, api_key=made.laptop
    )
    RunningJob.objects.create(resource=row, request_id="r" * 32, look_at=timezone.now())
    return row


def test_an_interaction_in_the_background_is_found_and_cancelled(console, made, google, thinking):
    batch = Resource.objects.get(kind="batches").name
    assert listed(console, state="running") == {thinking.name, batch}
    assert listed(console, state="running", kind="interactions") == {thinking.name}

    told = act(console, "cancel", thinking)

    assert "1 job cancelled." in told
    assert google.asked() == {("POST", f"{thinking.name}/cancel")}
    assert google.has(thinking.name)["status"] == "cancelled"
    thinking.refresh_from_db()
    assert thinking.state == "cancelled"
    assert listed(console, state="running") == {batch}


def test_a_key_that_expires_leaves_its_interactions_in_the_background_behind(console, made, google, thinking):
    ApiKey.objects.filter(pk=made.laptop.pk).update(expires_at=timezone.now() - timedelta(days=1))

    page = console.get(reverse("admin:accounts_app_apikey_change", args=[made.laptop.pk])).content.decode()

    assert "Cancel 2 running jobs" in page
    assert "kind=interactions" in page


def test_forgetting_asks_nobody_upstream(console, made, google):
    act(console, "forget", made.row("files/a"), confirmed="1")

    assert not google.asked()
    assert google.has("files/a")
    assert not Resource.objects.filter(name="files/a").exists()


@pytest.mark.parametrize(("action", "shared"), [("share_use", "use"), ("share_full", "full"), ("share_no", "")])
def test_sharing(action, shared, console, made):
    Resource.objects.update(shared="use" if shared != "use" else "")

    act(console, action, made.row("fileSearchStores/s"))

    assert made.row("fileSearchStores/s").shared == shared


@pytest.mark.parametrize("page", ["cancel_all", "delete_all"])
def test_all_of_a_group_at_once(page, console, made, google):
    url = f"{reverse(f'admin:accounts_app_resource_{page}')}?group={made.red.pk}"
    cancels = page == "cancel_all"
    expected = [row.name for row in Resource.objects.filter(group=made.red) if row.kind == "batches" or not cancels]

    question = console.get(url).content.decode()
    assert not google.asked()
    assert all(name in question for name in expected)
    answer = console.post(url)

    assert answer.url == f"{reverse(LIST)}?group={made.red.pk}"
    assert google.asked() == {("POST", f"{name}:cancel") if cancels else ("DELETE", name) for name in expected}
    assert len(expected) == (1 if cancels else 3)


def test_who_may_only_look_does_nothing(clerk, made, google):
    url = reverse("admin:accounts_app_resource_delete_all")

    assert listed(clerk) == set(Resource.objects.values_list("name", flat=True))
    for action in ("delete_upstream", "cancel", "forget", "share_use"):
        act(clerk, action, made.row("files/a"), confirmed="1")
    assert clerk.post(f"{url}?group={made.red.pk}").status_code == 403

    assert not google.asked()
    assert made.row("files/a").shared == ""
    group = clerk.get(reverse("admin:accounts_app_keygroup_change", args=[made.red.pk])).content.decode()
    assert "cachedContents" in group
    assert url not in group


def test_nothing_is_done_to_all_resources_there_are(console, made, google):
    for query in ("", "?kind=files", "?group=x"):
        assert console.post(reverse("admin:accounts_app_resource_delete_all") + query).status_code == 403

    assert not google.asked()


def test_what_the_gateway_notes_of_tokens_is_no_resource_to_look_at_or_delete(console, made):
    note = Resource.objects.create(project=made.one, kind="continuations", name="continuations/hash", group=made.red)

    assert note.name not in listed(console)
    assert console.get(reverse("admin:accounts_app_resource_change", args=[note.pk])).status_code == 302
    for page in (reverse(LIST), reverse("admin:accounts_app_project_change", args=[made.one.pk])):
        assert "continuations" not in console.get(page).content.decode()
    group = reverse("admin:accounts_app_keygroup_change", args=[made.red.pk])
    assert "continuations" not in console.get(group).content.decode()
    question = console.get(f"{reverse('admin:accounts_app_resource_delete_all')}?group={made.red.pk}")
    assert "continuations" not in question.content.decode()


def test_resources_expire_in_the_future(console, made):
    Resource.objects.filter(name="files/a").update(expires_at=timezone.now() + timedelta(days=1, hours=3))

    page = console.get(reverse(LIST)).content.decode()

    assert "in 1\xa0day" in page
