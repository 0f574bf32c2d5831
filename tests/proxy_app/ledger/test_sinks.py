"""Every exchange that is over is told to every sink, once."""

import pytest

from proxy_app.ledger import sinks
from proxy_app.ledger.entries import LogEntry
from tests.factories import a_prompt

PLAIN = "/v1beta/models/gemini-2.5-flash:generateContent"
STREAM = "/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse"


@pytest.fixture
def told():
    """The outcomes that a sink of the test's own hears of."""
    outcomes: list[str] = []

    def hear(entry: LogEntry) -> None:
        outcomes.append(entry.fault.outcome.value)

    sinks.add(hear)
    yield outcomes
    sinks.remove(hear)


async def test_a_sink_hears_what_the_request_log_shows(told, pool_of, client, upstream, ledger):
    await pool_of("alice", "bob")
    upstream.script("quota_exhausted")

    assert (await client.post(PLAIN, a_prompt())).status == 200

    assert [entry.outcome for entry in await ledger()] == told
    assert told[-1] == "succeeded"
    assert len(told) == 2


async def test_a_stream_is_told_when_it_has_ended(told, alice, client):
    await client.post(STREAM, a_prompt())

    assert told == ["succeeded"]


async def test_a_broken_stream_is_told_as_that(told, alice, client, upstream):
    upstream.script("cut_after_first")

    await client.post(STREAM, a_prompt())

    assert told == ["interrupted"]


async def test_a_sink_that_was_taken_out_hears_nothing(alice, client, upstream):
    heard: list[LogEntry] = []
    sinks.add(heard.append)
    sinks.remove(heard.append)

    await client.post(PLAIN, a_prompt())

    assert not heard
