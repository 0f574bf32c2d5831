"""An operator's limits on Google projects, seen from outside: a client is refused when all that can serve are over."""

import pytest
from asgiref.sync import sync_to_async

from accounts_app import roster
from accounts_app.models import Account, Project, Resource
from tests.factories import a_cache, a_prompt

MODEL = "gemini-2.5-flash"
PLAIN = f"/v1beta/models/{MODEL}:generateContent"
EMBED = "/v1beta/models/gemini-embedding-001:batchEmbedContents"


@pytest.fixture
async def limited(projects) -> list[Project]:
    """Two of the three projects, with room for two requests a minute each; the third is disabled."""

    def make() -> list[Project]:
        made = [Project.objects.create(number=str(number), requests_per_minute=2) for number in (1, 2)]
        for account, project in zip(projects, (made[0], made[0], made[1]), strict=False):
            Account.objects.filter(pk=account.pk).update(owner_project=project)
        Account.objects.filter(pk=projects[3].pk).update(enabled=False)
        roster.load_now()
        return made

    return await sync_to_async(make)()


async def test_calls_are_answered_by_every_project_before_one_is_refused(client, limited, key_of):
    key = await key_of("red")

    replies = [await client.post(PLAIN, a_prompt(f"{number}"), x_goog_api_key=key) for number in range(5)]

    assert [reply.status for reply in replies] == [200] * 4 + [429]
    assert replies[-1].json()["error"]["status"] == "RESOURCE_EXHAUSTED"


async def test_what_is_made_goes_to_another_project_while_its_home_is_over(client, limited, key_of):
    key = await key_of("red")

    replies = [await client.post("/v1beta/cachedContents", a_cache(), x_goog_api_key=key) for _ in range(5)]

    assert [reply.status for reply in replies] == [200] * 4 + [429]
    made = sorted([row.project_id async for row in Resource.objects.all()])
    assert made == sorted([project.pk for project in limited] * 2)
    # What costs Google's quota for models nothing goes on.
    for reply in replies[:4]:
        name = reply.json()["name"]
        assert (await client.get(f"/v1beta/{name}", x_goog_api_key=key)).status == 200
        assert (await client.request("DELETE", f"/v1beta/{name}", x_goog_api_key=key)).status == 200


async def test_each_text_counts(client, limited, key_of):
    key = await key_of("red")
    texts = {"requests": [{"content": {"parts": [{"text": each}]}} for each in ("a", "b")]}

    replies = [await client.post(EMBED, texts, x_goog_api_key=key) for _ in range(3)]

    assert [reply.status for reply in replies] == [200, 200, 429]
