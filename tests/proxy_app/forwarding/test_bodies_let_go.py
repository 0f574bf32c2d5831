"""A request's body is in memory until its answer begins, and not as long as the answer takes."""

import gc
import json
import sys

import pytest
from asgiref.sync import sync_to_async

from emulator import Ending, Reply
from tests.factories import a_prompt, make_account
from tests.proxy_app.scripted import SSE, a_text, an_event

URL = "/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse"


@pytest.fixture(params=["cloud_code", "gemini_api"])
async def account(request, upstream, settings, pool_of):
    if request.param == "cloud_code":
        await pool_of("alice")
        return an_event
    settings.GEMINI_API_URL = upstream.url
    account = await sync_to_async(make_account)(
        "studio@example.com", kind="gemini_api", access_token="AIza-key", expires_at=None
    )
    upstream.add_account(account.email, api_key="AIza-key")
    return lambda response: b"data: " + response + b"\r\n\r\n"  # the public API has no envelope


@pytest.mark.parametrize("size", [1000, 300_000, 8_000_000], ids=("small", "sliced", "large"))
async def test_from_the_first_event_on_the_body_is_not_in_memory(size, client, account, upstream):
    upstream.script(Reply(chunks=[account(a_text("one"))], content_type=SSE, ending=Ending.STALL))
    raw = json.dumps(a_prompt("x" * size)).encode()
    before = sys.getrefcount(raw)

    exchange = client.start("POST", URL, raw)
    await exchange.chunks()

    gc.collect()
    held = sys.getrefcount(raw) - before
    await exchange.hang_up()
    assert held == 0
