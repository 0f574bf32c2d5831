"""Models that only upstream has: its list is merged into the gateway's, and unknown names are looked up there."""

from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async
from django.utils import timezone

from accounts_app import http_client, roster
from accounts_app.credentials import quota
from accounts_app.models import Account, ApiKey, ModelRoute
from accounts_app.storage.worker import in_database
from emulator import Reply, dead_address
from emulator.wire.replies import json_reply
from tests.factories import a_prompt, make_account

LIST = "/v1beta/models"
NEW = "gemini-9-nova"
OURS = "gemini-0.1 is not found for API version"


@pytest.fixture
async def studio(upstream, settings):
    """Makes accounts with AI Studio keys, known to upstream with the models they have there."""
    settings.GEMINI_API_URL = upstream.url

    async def make(
        name: str = "studio", models: tuple[str, ...] | None = (NEW, "gemini-2.5-flash"), **fields
    ) -> Account:
        known = upstream.add_account(f"{name}@example.com", models=models)
        tokens = {"access_token": known.api_key, "refresh_token": "", "expires_at": None, "project": ""}
        return await sync_to_async(make_account)(name, kind="gemini_api", **tokens, **fields)

    yield make
    await http_client.close_all()


async def fetched(now: float | None = None) -> int:
    await roster.refresh()
    done = await quota.update_due(timezone.now().timestamp() if now is None else now)
    await roster.refresh()
    return done


def asked(upstream, call: str) -> int:
    return len([request for request in upstream.requests if request.call == call])


async def names(client) -> list[str]:
    return [model["name"] for model in (await client.get(f"{LIST}?pageSize=1000")).json()["models"]]


class TestTheListOfAnAccount:
    async def test_is_merged_into_ours_and_goes_before_it(self, client, studio, upstream):
        await studio()

        assert await fetched() == 1

        assert f"models/{NEW}" in await names(client)
        assert "models/gemini-3.8-flash" in await names(client)
        flash = (await client.get(f"{LIST}/gemini-2.5-flash")).json()
        assert flash["description"] == "Gemini 2.5 Flash, as played by the emulator"
        assert (await client.get(f"{LIST}/{NEW}")).json()["name"] == f"models/{NEW}"
        assert asked(upstream, "getModel") == 0

    async def test_is_fetched_once_when_connected_and_then_now_and_then_while_in_use(self, client, studio, upstream):
        account = await studio()
        now = timezone.now()

        counts = [await fetched((now + timedelta(hours=hours)).timestamp()) for hours in (0, 1, 7)]
        await Account.objects.filter(pk=account.pk).aupdate(last_used_at=now + timedelta(hours=7))
        counts.append(await fetched((now + timedelta(hours=7)).timestamp()))
        counts.append(await fetched((now + timedelta(hours=7)).timestamp()))

        assert counts == [1, 0, 0, 1, 0]

    async def test_that_has_not_changed_is_not_read_anew(self, client, studio):
        account = await studio()
        await fetched()
        before = roster.current().version

        await Account.objects.filter(pk=account.pk).aupdate(quota_asked_at=None)
        await roster.refresh()
        version = roster.current().version
        await fetched()

        assert version == before + 1
        assert roster.current().version == version

    async def test_comes_in_pages(self, client, studio, upstream):
        await studio()
        pages = [{"models": [{"name": "models/one"}], "nextPageToken": "1"}, {"models": [{"name": "models/two"}]}]
        for page in pages:
            upstream.script(json_reply(page), method="listModels")

        await fetched()

        assert {"models/one", "models/two"} <= set(await names(client))

    @pytest.mark.parametrize(
        "reply",
        [Reply(status=500), json_reply({"models": 7}), json_reply([]), json_reply({"models": [{"name": "../x"}]})],
    )
    async def test_that_is_none_changes_nothing(self, reply, client, studio, upstream):
        await studio()
        upstream.script(reply, method="listModels")
        before = await names(client)

        await fetched()

        assert await names(client) == before

    async def test_is_offered_only_while_the_account_may_answer(self, client, studio):
        account = await studio(allowed_models=["gemini-2.5-*"])
        await fetched()
        assert f"models/{NEW}" not in await names(client)

        await Account.objects.filter(pk=account.pk).aupdate(allowed_models=[], parked="by_hand")
        await roster.refresh()
        assert f"models/{NEW}" not in await names(client)

    async def test_of_accounts_with_the_same_list_is_in_memory_once(self, client, studio):
        await studio("one")
        await studio("two")
        await fetched()

        first, second = roster.current().accounts.values()
        assert first.models is second.models
        assert first.models


class TestAnUnknownName:
    async def test_is_asked_of_upstream_once_in_a_while(self, client, studio, upstream):
        await studio()

        replies = [await client.get(f"/v1/models/{NEW}") for _ in range(3)]

        assert [reply.status for reply in replies] == [200, 200, 200]
        assert replies[0].json()["name"] == f"models/{NEW}"
        assert asked(upstream, "getModel") == 1

    async def test_to_upstream_too_gets_upstreams_404(self, client, studio, upstream):
        await studio()

        reply = await client.get(f"{LIST}/gemini-0.1")

        assert reply.status == 404
        assert reply.json()["error"]["status"] == "NOT_FOUND"
        assert asked(upstream, "getModel") == 1

    async def test_is_asked_of_another_account_that_may_know_it(self, client, studio, upstream):
        await studio("one", models=("gemini-2.5-flash",))
        await studio("two")

        assert (await client.get(f"{LIST}/{NEW}")).status == 200

    async def test_is_not_asked_of_an_account_that_may_not_serve_it(self, client, studio, upstream):
        await studio(allowed_models=["gemini-2.5-*"])

        assert (await client.get(f"{LIST}/{NEW}")).status == 404
        assert asked(upstream, "getModel") == 0

    async def test_is_our_own_404_without_an_account_that_can_be_asked(self, client, pool_of, upstream):
        await pool_of("alice")

        reply = await client.get(f"{LIST}/gemini-0.1")

        assert (reply.status, OURS in reply.json()["error"]["message"]) == (404, True)

    async def test_is_our_own_404_without_any_account(self, client, upstream):
        assert OURS in (await client.get(f"{LIST}/gemini-0.1")).json()["error"]["message"]

    async def test_is_our_own_404_when_upstream_is_away(self, client, studio, settings):
        settings.GEMINI_API_URL = dead_address()
        await studio()

        assert OURS in (await client.get(f"{LIST}/gemini-0.1")).json()["error"]["message"]

    @pytest.mark.parametrize("name", ["a%2F..%2Fb", "a/b", "a%3Fkey=x", "%2E%2E", "x" * 200])
    async def test_is_never_asked_for_what_is_no_name(self, name, client, studio, upstream):
        await studio()

        assert (await client.get(f"{LIST}/{name}")).status in (400, 404)
        assert asked(upstream, "getModel") == 0

    async def test_is_hidden_from_a_key_that_may_not_use_it(self, client, studio, api_key, operator_sets, upstream):
        await operator_sets(auth_mode="all_except_health")
        key = await api_key()
        await ApiKey.objects.aupdate(allowed_models=["gemini-2.5-*"])
        await studio()

        assert (await client.get(f"{LIST}/{NEW}", x_goog_api_key=key)).status == 403
        assert asked(upstream, "getModel") == 0

    async def test_may_be_what_an_alias_leads_to(self, client, studio):
        await ModelRoute.objects.acreate(pattern="nova", target=NEW)
        await studio()

        assert (await client.get(f"{LIST}/nova")).json()["name"] == "models/nova"

    async def test_is_passed_on_by_calls(self, client, studio, upstream):
        await studio()

        reply = await client.post(f"{LIST}/{NEW}:generateContent", a_prompt())

        assert (reply.status, upstream.calls[0].model) == (200, NEW)


async def test_a_list_that_was_stored_outlives_the_process(client, studio, upstream):
    await studio()
    await fetched()
    roster.reset()

    assert f"models/{NEW}" in await names(client)
    assert await in_database(Account.objects.exclude(model_list="").count) == 1


class TestAnExclusiveProject:
    async def test_shows_its_models_to_its_group_alone(self, client, studio, key_of, only_for, upstream):
        own = await studio()
        await studio("other", models=("gemini-2.5-flash",))
        await fetched()
        red, blue = await key_of("red"), await key_of("blue")
        await only_for("red", [own])

        async def sees(key: str) -> tuple[bool, int]:
            listed = (await client.get(f"{LIST}?pageSize=1000", x_goog_api_key=key)).json()["models"]
            got = await client.get(f"{LIST}/{NEW}", x_goog_api_key=key)
            return f"models/{NEW}" in [model["name"] for model in listed], got.status

        assert await sees(red) == (True, 200)
        assert await sees(blue) == (False, 404)
        assert await sees("") == (False, 404)
        assert await sees(red) == (True, 200)

    async def test_is_not_told_of_from_what_was_looked_up_for_its_group(self, client, studio, key_of, only_for):
        own = await studio()
        await studio("other", models=("gemini-2.5-flash",))
        red, blue = await key_of("red"), await key_of("blue")
        await only_for("red", [own])

        for key, status in ((red, 200), (blue, 404), (red, 200)):
            assert (await client.get(f"{LIST}/{NEW}", x_goog_api_key=key)).status == status
