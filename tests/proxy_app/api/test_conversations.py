"""The turns of one conversation have one key in the request log."""

from accounts_app.models import Resource
from accounts_app.storage import journal
from proxy_app.models import UsageRecord

URL = "/v1beta/interactions"


def asked(given="Hello", **more):
    return {"model": "gemini-3.5-flash", "input": given, **more}


async def conversations():
    """The conversation of each call, in order."""
    await journal.flush(force=True)
    return [record.conversation async for record in UsageRecord.objects.order_by("pk")]


async def turn(client, key, previous=None, **more):
    body = asked(**({"previous_interaction_id": previous} if previous else {}), **more)
    return (await client.post(URL, body, x_goog_api_key=key)).json()["id"]


async def test_it_is_the_request_id_of_its_first_turn(client, red, upstream):
    first = await turn(client, red)
    second = await turn(client, red, first)
    streamed = await client.post(URL, asked(previous_interaction_id=second, stream=True), x_goog_api_key=red)

    assert streamed.ended
    (key,) = set(await conversations())
    assert key == (await UsageRecord.objects.order_by("pk").afirst()).request_id
    assert {row.conversation async for row in Resource.objects.filter(kind="interactions")} == {key}


async def test_two_that_go_on_from_one_turn_are_one_conversation_and_a_new_one_is_another(client, red, upstream):
    first = await turn(client, red)
    await turn(client, red, first)
    await turn(client, red, first)
    await turn(client, red)

    one, same, again, other = await conversations()
    assert one == same == again
    assert other not in ("", one)


async def test_what_is_done_with_an_interaction_later_belongs_to_its_conversation(client, red, upstream):
    made = await turn(client, red, background=True)
    await client.get(f"{URL}/{made}", x_goog_api_key=red)
    await client.get(f"{URL}/{made}?stream=true", x_goog_api_key=red)
    await client.post(f"{URL}/{made}/cancel", {}, x_goog_api_key=red)
    await client.request("DELETE", f"{URL}/{made}", b"", x_goog_api_key=red)

    found = await conversations()
    assert len(found) == 5
    assert len(set(found)) == 1


async def test_a_turn_that_fails_belongs_to_it_too(client, red, upstream):
    first = await turn(client, red)
    refused = await client.post(URL, asked(previous_interaction_id=first, store=False), x_goog_api_key=red)

    assert refused.status == 400
    assert len(set(await conversations())) == 1


async def test_somebody_elses_is_not_joined_and_nothing_else_has_one(client, red, blue, upstream):
    made = await turn(client, red)
    await client.post(URL, asked(previous_interaction_id=made), x_goog_api_key=blue)
    await client.post(URL, asked(store=False), x_goog_api_key=blue)
    prompt = {"contents": [{"parts": [{"text": "Hello"}]}]}
    await client.post("/v1beta/models/gemini-3.5-flash:generateContent", prompt, x_goog_api_key=blue)

    own, *others = await conversations()
    assert own
    assert set(others) == {""}
