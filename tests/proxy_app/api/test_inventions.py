"""Names that clients invent leave nothing in memory or in tables, except in the request log, which is pruned."""

import gc
from itertools import count

import pytest
from asgiref.sync import sync_to_async

from accounts_app.models import Account, ApiKey, ModelRoute
from accounts_app.storage import journal
from accounts_app.storage.worker import in_database
from tests import holdings
from tests.factories import a_prompt, make_account

MANY = 10_000
SENT = 300  # of them go upstream
# More than any container holds on purpose: the largest has the conversations refused by some account (4,096, least
# recently used). One entry for each invented name would be more than this.
KEPT = 4_300
ROWS = 100

_numbers = count()


@pytest.fixture
async def limited_key(api_key) -> str:
    key = await api_key()
    await ApiKey.objects.aupdate(requests_per_day=1)
    return key


@pytest.fixture
async def both_kinds(upstream, settings, pool_of) -> list[Account]:
    settings.GEMINI_API_URL = upstream.url
    known = upstream.add_account("studio@example.com")
    studio = await sync_to_async(make_account)(
        "studio", kind="gemini_api", access_token=known.api_key, refresh_token="", expires_at=None, project=""
    )
    return [*await pool_of("alice", "bob"), studio]


async def invent(client, key: str) -> int:
    """Make one call in which every name is invented; returns its status."""
    number = next(_numbers)
    verb = ("generateContent", "streamGenerateContent", "countTokens")[number % 3]
    model = ("model-{}", "alias-{}", "tunedModels/t-{}", "x%2F..%2Fmodel-{}", "org/{}")[number % 5].format(number)
    cached = f"cachedContents/c-{number}" if number % 2 else ""
    reply = await client.post(
        f"/v1beta/models/{model}:{verb}?alt=sse&invented={number}",
        a_prompt(f"Prompt {number}", sessionId=f"session-{number}", cachedContent=cached),
        x_goog_api_key=key,
        x_session_affinity=f"affinity-{number}",
        user_agent=f"agent-{number}",
    )
    return reply.status


async def invent_a_key_and_a_path(client) -> int:
    number = next(_numbers)
    path = ("/v1beta/invented-{}", "/v1beta/models/model-{}:generateContent", "/invented-{}/x")[number % 3]
    reply = await client.post(f"{path.format(number)}?pageToken={number}", b"", x_goog_api_key=f"key-{number}")
    return reply.status


async def held() -> tuple[dict[str, int], dict[str, int]]:
    await journal.flush(force=True)
    gc.collect()
    rows = await in_database(holdings.rows)
    del rows["proxy_app.UsageRecord"]
    return holdings.entries(), rows


@pytest.mark.timeout(300)
async def test_ten_thousand_inventions_leave_nothing_behind(
    client, both_kinds, api_key, limited_key, upstream, operator_sets
):
    await operator_sets(auth_mode="all_except_health")
    await ModelRoute.objects.acreate(pattern="alias-*", target="gemini-2.5-flash")
    free_key = await api_key("free")
    await client.post("/v1beta/models/x:countTokens", a_prompt(), x_goog_api_key=limited_key)
    entries, rows = await held()

    for _ in range(MANY - SENT):
        assert await invent(client, limited_key) in (400, 429)
        assert await invent_a_key_and_a_path(client) == 401
    for _ in range(SENT):
        await invent(client, free_key)
    assert len(upstream.calls) > SENT / 3

    entries_after, rows_after = await held()
    more = holdings.growth(entries, entries_after)
    assert {name: number for name, number in more.items() if number > KEPT} == {}
    assert more.get("accounts_app.leasing._lender.board._lineups", 0) <= 2  # the route's model, and all others
    assert {name: number for name, number in holdings.growth(rows, rows_after).items() if number > ROWS} == {}


async def test_the_count_sees_what_stays(client, limited_key, alice):
    before = holdings.entries()

    journal._journal._kinds["usage"].waiting.extend(range(500))
    after = holdings.entries()
    journal.reset()

    assert holdings.growth(before, after)["accounts_app.storage.journal._journal._kinds[].waiting"] >= 500
