"""generateContent, plain: in by the public API, out by v1internal, and back."""

from tests.factories import a_prompt

URL = "/v1beta/models/gemini-2.5-flash:generateContent"


async def test_a_prompt_is_answered(client, pool_of, upstream):
    await pool_of("alice")

    reply = await client.post(URL, a_prompt("Say hello"))

    assert reply.status == 200
    assert reply.headers["content-type"] == "application/json; charset=UTF-8"
    assert reply.json()["candidates"][0]["finishReason"] == "STOP"
    assert reply.json()["candidates"][0]["content"]["parts"][0]["text"]
    assert "response" not in reply.json()
