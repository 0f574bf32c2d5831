"""Every sink gets the entry of every attempt that is over, once."""

import pytest

from proxy_app.ledger import sinks
from proxy_app.ledger.entries import LogEntry
from tests.factories import a_prompt

PLAIN = "/v1beta/models/gemini-2.5-flash:generateContent"
STREAM = "/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse"


@pytest.fixture
def outcomes():
    """The outcomes that a sink of the test gets."""
    outcomes: list[str] = []

    def hear(entry: LogEntry) -> None:
        outcomes.append(entry.fault.outcome.value)

    sinks.add(hear)
    yield outcomes
    sinks.remove(hear)


async def test_a_sink_gets_what_the_request_log_shows(outcomes, pool_of, client, upstream, ledger):
    await pool_of("alice", "bob")
    upstream.script("quota_exhausted")

    assert (await client.post(PLAIN, a_prompt())).status == 200

    assert [entry.outcome for entry in await ledger()] == outcomes
    assert outcomes[-1] == "succeeded"
    assert len(outcomes) == 2


async def test_a_stream_is_reported_when_it_has_ended(outcomes, alice, client):
    await client.post(STREAM, a_prompt())

    assert outcomes == ["succeeded"]


async def test_a_broken_stream_is_reported_as_interrupted(outcomes, alice, client, upstream):
    upstream.script("cut_after_first")

    await client.post(STREAM, a_prompt())

    assert outcomes == ["interrupted"]


async def test_a_sink_that_was_removed_gets_nothing(alice, client, upstream):
    heard: list[LogEntry] = []
    sinks.add(heard.append)
    sinks.remove(heard.append)

    await client.post(PLAIN, a_prompt())

    assert not heard
