"""Timeouts and limits that an operator changes while calls are answered; empty ones are the environment's."""

import pytest

from accounts_app import roster
from accounts_app.roster import timeouts
from emulator import Reply
from tests.factories import a_prompt

PLAIN = "/v1beta/models/gemini-2.5-flash:generateContent"
STREAM = "/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse"


async def test_attempts_are_as_many_as_the_operator_says_from_the_next_look_on(
    client, upstream, pool_of, operator_sets
):
    await pool_of("alice", "bob", "carol", "dave", "erin", "frank")
    upstream.script("overloaded", times=12)

    await operator_sets(max_attempts=2)
    await roster.refresh()
    await client.post(PLAIN, a_prompt())
    with_two = len(upstream.calls)
    await operator_sets(max_attempts=None)
    await roster.refresh()
    await client.post(PLAIN, a_prompt("Another one"))

    assert with_two == 2
    assert len(upstream.calls) == 2 + 3


async def test_a_silent_upstream_is_left_when_the_operator_says(client, upstream, pool_of, operator_sets, ledger):
    await pool_of("alice")
    await operator_sets(first_event_timeout=0.1, max_attempts=1)
    upstream.script(Reply(delay=30.0))

    reply = await client.post(STREAM, a_prompt())

    assert reply.status == 504
    (entry,) = await ledger()
    assert entry.outcome == "timed_out"
    assert "within 0.1 s" in entry.message


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["max_attempts", "max_wait", "first_event_timeout", "idle_timeout"])
async def test_what_is_left_empty_is_as_in_the_environment(name: str, operator_sets, settings):
    setattr(settings, f"GATEWAY_{name.upper()}", 17)

    await operator_sets()
    await roster.refresh()
    assert getattr(timeouts, name)() == 17

    await operator_sets(**{name: 5})
    await roster.refresh()
    assert getattr(timeouts, name)() == 5
