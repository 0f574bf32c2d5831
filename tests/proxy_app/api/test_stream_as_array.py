"""streamGenerateContent as one JSON array, the way Google streams without `alt=sse`."""

import json

import pytest

from emulator import Ending
from tests.factories import a_prompt
from tests.proxy_app.scripted import FINISHED, a_stream, a_text

BARE = "/v1beta/models/gemini-2.5-flash:streamGenerateContent"
PLAIN_ALT = f"{BARE}?alt=json"
DOLLAR_ALT = f"{BARE}?$alt=json;enum-encoding=int"


@pytest.mark.parametrize(
    "url", [BARE, PLAIN_ALT, DOLLAR_ALT, f"{BARE}?%24alt=json%3Benum-encoding%3Dint", f"{BARE}?$alt=json&key=none"]
)
async def test_nothing_stands_before_or_after_the_brackets(url, client, alice, upstream):
    upstream.script(a_stream(a_text("one"), a_text("two"), FINISHED))

    reply = await client.post(url, a_prompt())

    assert reply.status == 200
    assert reply.headers["content-type"] == "application/json; charset=UTF-8"
    assert reply.body == b"[" + a_text("one") + b"\n,\r\n" + a_text("two") + b"\n,\r\n" + FINISHED + b"\n]"
    assert reply.ended


async def test_a_client_that_accepts_only_json_gets_the_array(client, alice):
    reply = await client.post(BARE, a_prompt(), accept="application/json")

    assert reply.headers["content-type"].startswith("application/json")
    assert json.loads(reply.body)[-1]["candidates"][0]["finishReason"] == "STOP"


async def test_an_element_is_passed_on_while_upstream_is_still_silent_about_the_next(client, alice, upstream):
    upstream.script(a_stream(a_text("one"), ending=Ending.STALL))
    exchange = client.start("POST", PLAIN_ALT, a_prompt())

    assert await exchange.chunks() == b"[" + a_text("one") + b"\n"

    await exchange.hang_up()


async def test_a_done_marker_has_no_place_in_it(client, alice, upstream):
    upstream.script("done_marker")

    reply = await client.post(PLAIN_ALT, a_prompt(), user_agent="curl/8.5.0")

    assert b"DONE" not in reply.body
    assert json.loads(reply.body)


async def test_a_broken_stream_ends_with_an_error_element_and_no_bracket(client, alice, upstream):
    upstream.script("cut_after_first")

    reply = await client.post(PLAIN_ALT, a_prompt())

    assert not reply.ended
    assert not reply.body.endswith(b"]")
    assert json.loads(reply.body + b"]")[-1]["error"]["code"] == 503


class TestErrorsBeforeTheStream:
    @pytest.mark.parametrize("url", [PLAIN_ALT, BARE])
    @pytest.mark.parametrize("accept", ["*/*", "application/json"])
    async def test_stand_in_an_array(self, url, accept, client, alice, upstream):
        upstream.script("invalid_argument")

        reply = await client.post(url, a_prompt(), accept=accept)

        assert reply.status == 400
        assert reply.headers["content-type"] == "application/json; charset=UTF-8"
        (element,) = reply.json()
        assert element["error"]["code"] == 400

    @pytest.mark.parametrize("url", [DOLLAR_ALT, f"{BARE}?alt=json&$alt=json"])
    async def test_are_bare_objects_for_dollar_alt(self, url, client, alice, upstream):
        upstream.script("invalid_argument")

        reply = await client.post(url, a_prompt())

        assert reply.status == 400
        assert reply.headers["content-type"] == "application/json; charset=UTF-8"
        assert reply.json()["error"]["code"] == 400

    @pytest.mark.parametrize("url", [f"{BARE}?alt=sse", BARE])
    async def test_are_objects_over_several_lines_where_events_were_asked_for(self, url, client, alice, upstream):
        upstream.script("invalid_argument")

        reply = await client.post(url, a_prompt(), user_agent="curl/8.5.0")

        assert reply.status == 400
        assert reply.headers["content-type"] == "text/event-stream"
        assert reply.body.startswith(b'{\n  "error": {\n    "code": 400,\n')
        assert reply.json()["error"]["status"] == "INVALID_ARGUMENT"

    async def test_of_the_gateways_own_follow_the_same_form(self, client, upstream):
        no_account = await client.post(PLAIN_ALT, a_prompt())
        not_json = await client.post(BARE, b"nonsense")
        as_events = await client.post(f"{BARE}?alt=sse", a_prompt())

        assert [reply.status for reply in (no_account, not_json, as_events)] == [400, 400, 400]
        assert "No account is connected" in no_account.json()[0]["error"]["message"]
        assert not_json.json()[0]["error"]["code"] == 400
        assert as_events.body.startswith(b'{\n  "error"')

    async def test_of_a_key_and_of_a_size_follow_it_too(self, client, upstream, operator_sets, api_key, settings):
        await operator_sets(auth_mode="strict")
        key = await api_key()
        settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000

        for url, kind, start in ((BARE, list, b"["), (f"{BARE}?alt=sse", dict, b"{\n"), (DOLLAR_ALT, dict, b'{"')):
            no_key = await client.post(url, a_prompt("x" * 1000))
            too_large = await client.post(url, a_prompt("x" * 1000), x_goog_api_key=key)
            assert [no_key.status, too_large.status] == [401, 413]
            for reply in (no_key, too_large):
                assert isinstance(reply.json(), kind)
                assert reply.body.startswith(start)

    async def test_of_a_plain_call_are_never_wrapped(self, client, alice, upstream):
        upstream.script("invalid_argument")

        reply = await client.post("/v1beta/models/gemini-2.5-flash:generateContent?alt=json", a_prompt())

        assert reply.json()["error"]["code"] == 400


@pytest.mark.parametrize(("default", "form"), [("sse", "text/event-stream"), ("json", "application/json")])
async def test_the_operator_says_what_a_stream_is_without_alt(default, form, client, alice, settings):
    settings.GATEWAY_STREAM_DEFAULT = default

    for agent in ("curl/8.5.0", "node"):
        reply = await client.post(BARE, a_prompt(), user_agent=agent)
        assert reply.headers["content-type"].startswith(form)


async def test_a_broken_array_is_only_dropped_for_a_client_that_misreads_error_elements(client, pool_of, upstream):
    await pool_of("alice")
    upstream.script("cut_after_first", times=2)

    legacy = await client.post(DOLLAR_ALT, a_prompt(), x_goog_api_client="genai-py/0.8.6 gl-python/3.11")
    other = await client.post(PLAIN_ALT, a_prompt())

    assert not legacy.ended
    assert b'"error"' not in legacy.body
    assert not other.ended
    assert b'"error"' in other.body
