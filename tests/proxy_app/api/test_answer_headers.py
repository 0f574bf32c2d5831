"""The headers of every answer of the API: Google's, a challenge with each 401, and CORS."""

import pytest

from tests.factories import a_prompt

MODELS = "/v1beta/models"
GENERATE = "/v1beta/models/gemini-2.5-flash:generateContent"
STREAM = "/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse"
PAGE = "https://chat.example"


@pytest.fixture
def origins(settings):
    def allow(*origins: str) -> None:
        settings.GATEWAY_CORS_ORIGINS = list(origins)

    return allow


@pytest.mark.parametrize(
    ("method", "url"), [("GET", MODELS), ("POST", GENERATE), ("POST", STREAM), ("GET", "/nowhere")]
)
async def test_answers_have_the_headers_of_googles_front_end(method, url, client, alice):
    reply = await client.request(method, url, a_prompt() if method == "POST" else b"")

    assert reply.headers["x-content-type-options"] == "nosniff"
    assert reply.headers["x-xss-protection"] == "0"
    assert reply.headers["x-frame-options"] == "SAMEORIGIN"
    assert [value for name, value in reply.raw_headers if name == "vary"] == ["Origin", "X-Origin", "Referer"]
    assert ("content-disposition" in reply.headers) == (url == STREAM)


@pytest.mark.parametrize("given", [{}, {"x_goog_api_key": "wrong"}])
async def test_every_401_says_what_would_be_taken(given, client, alice, api_key, operator_sets):
    await operator_sets(auth_mode="strict")
    await api_key()

    for url in (MODELS, "/healthz", "/usage", "/nowhere"):
        reply = await client.get(url, **given)
        assert (reply.status, reply.headers["www-authenticate"]) == (401, 'Bearer realm="gateway"')


@pytest.mark.parametrize(("allowed", "named"), [(["*"], "*"), ([PAGE], PAGE), (["https://other.example", PAGE], PAGE)])
async def test_an_allowed_page_may_call_without_a_key_and_read_the_answer(allowed, named, client, alice, origins):
    origins(*allowed)

    reply = await client.post(GENERATE, a_prompt(), origin=PAGE)

    assert reply.status == 200
    assert reply.headers["access-control-allow-origin"] == named
    exposed = reply.headers["access-control-expose-headers"].split(", ")
    assert {"x-request-id", "x-gateway-attempts", "x-gateway-attempt-1", "x-gateway-attempt-20", "retry-after"} <= set(
        exposed
    )


@pytest.mark.parametrize("origin", ["chrome-extension://abcdefgh", "app://obsidian.md", "null", "HTTPS://Chat.Example"])
async def test_an_origin_of_any_scheme_may_be_allowed(origin, client, alice, origins):
    origins(origin.lower())

    reply = await client.get(MODELS, origin=origin)

    assert (reply.status, reply.headers["access-control-allow-origin"]) == (200, origin)


async def test_an_allowed_page_reads_refusals_too(client, alice, origins, api_key, operator_sets):
    origins(PAGE)
    await operator_sets(auth_mode="strict")
    await api_key()

    for url in (MODELS, "/nowhere", "/v1beta/models?a=%C3%28"):
        assert (await client.get(url, origin=PAGE)).headers["access-control-allow-origin"] == PAGE


@pytest.mark.parametrize("allowed", [[], ["https://other.example"]])
@pytest.mark.parametrize("origin", ["https://evil.example", "http://["])
async def test_any_other_page_reads_nothing(allowed, origin, client, alice, origins):
    origins(*allowed)

    reply = await client.get(MODELS, origin=origin)

    assert reply.status == 403
    assert not [name for name in reply.headers if name.startswith("access-control-")]


async def test_a_preflight_allows_what_is_asked_for_and_needs_no_key(client, alice, origins, api_key, operator_sets):
    origins("*")
    await operator_sets(auth_mode="strict")
    await api_key()
    asked = {"access_control_request_method": "POST", "access_control_request_headers": "x-of-its-own,x-goog-api-key"}

    for url in (GENERATE, "/usage", "/healthz", "/nowhere"):
        reply = await client.request("OPTIONS", url, origin=PAGE, **asked)
        assert reply.status == 200
        assert reply.headers["access-control-allow-origin"] == "*"
        assert "POST" in reply.headers["access-control-allow-methods"]
        allowed = reply.headers["access-control-allow-headers"].replace(" ", "").split(",")
        assert {"x-of-its-own", "x-session-affinity", "x-gateway-explain", "x-goog-api-key"} <= set(allowed)


async def test_a_preflight_repeats_no_nonsense(client, origins):
    origins("*")
    asked = {"access_control_request_method": "POST", "access_control_request_headers": "a: b"}

    reply = await client.request("OPTIONS", GENERATE, origin=PAGE, **asked)

    assert "a: b" not in reply.headers["access-control-allow-headers"]


async def test_a_preflight_of_another_page_allows_nothing(client, origins):
    origins("https://other.example")

    reply = await client.request("OPTIONS", GENERATE, origin=PAGE, access_control_request_method="POST")

    assert not [name for name in reply.headers if name.startswith("access-control-")]
