"""The limits of a group of API keys on what it stores and runs upstream, seen from outside."""

import pytest

from accounts_app import roster
from accounts_app.leasing import owners
from accounts_app.leasing.owners import Tenant
from accounts_app.models import Account, ApiKey, KeyGroup, Resource
from accounts_app.storage import journal
from proxy_app.api.limits import group_limits
from proxy_app.wire.operations import OPERATIONS
from tests.asgi_client import Reply
from tests.factories import a_prompt

MODEL = "gemini-2.5-flash"
BATCH = f"/v1beta/models/{MODEL}:batchGenerateContent"
RAW = {"x_goog_upload_protocol": "raw", "content_type": "text/plain"}


@pytest.fixture
def group_of(key_of):
    """A client key in a group of its own with these limits."""

    async def make(name: str = "red", **limits: int) -> str:
        key = await key_of(name)
        await KeyGroup.objects.filter(name=name).aupdate(**limits)
        await roster.refresh()
        return key

    return make


def a_batch() -> dict:
    requests = [{"request": a_prompt("What is 6*7?"), "metadata": {"key": "one"}}]
    return {"batch": {"displayName": "b", "inputConfig": {"requests": {"requests": requests}}}}


async def made(group: str, name: str, **fields) -> None:
    """The group has made this already, by a key that is deleted now."""
    account = await Account.objects.afirst()
    assert account is not None
    row = await KeyGroup.objects.aget(name=group)
    await owners.made(name, account.pk, Tenant(999, row.pk), **fields)


def refused(reply: Reply, field: str, quota_id: str, group: str = "red") -> str:
    assert reply.status == 429, reply.body
    error = reply.json()["error"]
    assert (error["code"], error["status"]) == (429, "RESOURCE_EXHAUSTED")
    assert f"({field})" in error["message"]
    failure, retry = error["details"]
    (violation,) = failure["violations"]
    assert (violation["quotaId"], violation["quotaDimensions"]) == (quota_id, {"group": group})
    assert retry["retryDelay"] == "60.000s"
    assert reply.headers["retry-after"] == "60"
    return error["message"]


@pytest.mark.usefixtures("projects")
class TestAGroup:
    async def test_has_no_more_files_than_its_limit_over_all_its_keys(self, client, group_of, key_of):
        key, other = await group_of(max_files=2), await key_of("blue")
        await made("red", "files/a")
        second = await client.post("/v1beta/files", {"file": {"displayName": "b"}}, x_goog_api_key=key)
        assert second.status == 200, second.body

        third = await client.post("/v1beta/files", {"file": {"displayName": "c"}}, x_goog_api_key=key)

        message = refused(third, "max_files", "GatewayFilesPerGroup")
        assert message.startswith("The group of this API key has 2 of at most 2 files (max_files). Delete some")
        assert (await client.post("/v1beta/files", {"file": {}}, x_goog_api_key=other)).status == 200

    async def test_stores_no_more_bytes_than_its_limit(self, client, group_of, upstream):
        key = await group_of(max_stored_bytes=100)
        await made("red", "files/a", size_bytes=95)

        fits = await client.post("/upload/v1beta/files", b"12345", x_goog_api_key=key, **RAW)
        over = await client.post("/upload/v1beta/files", b"1", x_goog_api_key=key, **RAW)

        assert fits.status == 200, fits.body
        refused(over, "max_stored_bytes", "GatewayStoredBytesPerGroup")
        assert len([each for each in upstream.requests if each.path.startswith("/upload")]) == 1

    async def test_makes_room_by_deleting(self, client, group_of):
        key = await group_of(max_files=1)
        name = (await client.post("/v1beta/files", {"file": {}}, x_goog_api_key=key)).json()["file"]["name"]
        assert (await client.post("/v1beta/files", {"file": {}}, x_goog_api_key=key)).status == 429

        await client.request("DELETE", f"/v1beta/{name}", x_goog_api_key=key)

        assert (await client.post("/v1beta/files", {"file": {}}, x_goog_api_key=key)).status == 200

    async def test_runs_no_more_jobs_than_its_limit_and_those_that_have_ended_are_noticed(
        self, client, group_of, upstream
    ):
        key = await group_of(max_running_jobs=1)
        assert (await client.post(BATCH, a_batch(), x_goog_api_key=key)).status == 200

        refused(
            await client.post(BATCH, a_batch(), x_goog_api_key=key), "max_running_jobs", "GatewayRunningJobsPerGroup"
        )

        upstream.advance(60)
        assert (await client.post(BATCH, a_batch(), x_goog_api_key=key)).status == 429  # it was asked a moment ago
        group_limits.reset()
        assert (await client.post(BATCH, a_batch(), x_goog_api_key=key)).status == 200
        await journal.flush(force=True)
        states = [row.state async for row in Resource.objects.order_by("pk")]
        assert states == ["BATCH_STATE_SUCCEEDED", "BATCH_STATE_PENDING"]

    async def test_may_do_all_else_while_it_is_full(self, client, group_of):
        key = await group_of(max_files=1, max_running_jobs=1, max_stored_bytes=1)
        await made("red", "files/a", size_bytes=5)
        await made("red", "batches/b", state="BATCH_STATE_RUNNING")

        reply = await client.post(f"/v1beta/models/{MODEL}:generateContent", a_prompt(), x_goog_api_key=key)

        assert reply.status == 200

    async def test_without_a_limit_is_not_counted(self, client, key_of):
        key = await key_of("red")
        for number in range(3):
            await made("red", f"files/{number}", size_bytes=10**12)

        assert (await client.post("/v1beta/files", {"file": {}}, x_goog_api_key=key)).status == 200

    async def test_that_is_refused_has_a_row(self, client, group_of, ledger):
        key = await group_of(max_files=1)
        await made("red", "files/a")

        await client.post("/v1beta/files", {"file": {}}, x_goog_api_key=key)

        (row,) = await ledger()
        assert (row.outcome, row.method, row.status) == ("group_limit", "files.create", 429)
        assert row.api_key_id == (await ApiKey.objects.aget()).pk


def test_what_counts_as_a_job_begins_something_that_goes_on():
    jobs = {each.id for each in OPERATIONS if group_limits.adds(each).running_jobs}

    assert jobs == {
        "models.asyncBatchEmbedContent",
        "models.batchGenerateContent",
        "models.predictLongRunning",
        "tunedModels.asyncBatchEmbedContent",
        "tunedModels.batchGenerateContent",
        *("triggers.create", "triggers.run", "openai.batches.create", "openai.videos.create"),
    }
