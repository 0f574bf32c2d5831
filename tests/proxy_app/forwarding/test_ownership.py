"""A response that holds an account's slot is closed, whatever raises and wherever."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from django.core.exceptions import BadRequest
from django.http import HttpResponse
from django.http.response import BadHeaderError

from accounts_app import leasing
from accounts_app.api_keys import usage
from gateway_project.background import loops
from gateway_project.http.api_handler import ApiHandler
from proxy_app.models import UsageRecord
from tests.asgi_client import Client
from tests.factories import a_prompt

PLAIN = "/v1beta/models/gemini-2.5-flash:generateContent"
STREAM = "/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse"
COUNT = "/v1beta/models/gemini-2.5-flash:countTokens"


class Raises(ApiHandler):
    """Something goes wrong between the view and the delivery."""

    error: type[Exception] = RuntimeError

    async def view_response(self, request):
        await super().view_response(request)
        raise self.error("after the view")


class ForgetsTheAnswer(ApiHandler):
    async def view_response(self, request):
        await super().view_response(request)
        return HttpResponse(b"{}")


class IsCancelled(ApiHandler):
    async def view_response(self, request):
        response = await super().view_response(request)
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await asyncio.sleep(0)
        return response


class SetsAHeaderThatCannotBeSent(ApiHandler):
    async def view_response(self, request):
        response = await super().view_response(request)
        response.headers._store["x-bad"] = ("X-Bad", "\N{SNOWMAN}")  # past Django's own look at it
        return response


class SetsABadHeader(ApiHandler):
    async def view_response(self, request):
        response = await super().view_response(request)
        response["X-Bad"] = "a\r\nb"
        return response


@pytest.fixture
async def alone(pool_of, client, caplog) -> AsyncIterator[Client]:
    """A client of a gateway whose only account takes one call at a time."""
    await pool_of("alice", max_concurrency=1)
    await loops.start()
    yield client
    caplog.clear()  # what was logged holds frames, and those the calls: other tests count what is left of calls


@pytest.mark.parametrize("path", [PLAIN, STREAM, COUNT])
@pytest.mark.parametrize(
    "handler", [Raises, ForgetsTheAnswer, IsCancelled, SetsAHeaderThatCannotBeSent, SetsABadHeader]
)
async def test_an_answer_that_is_never_sent_gives_its_account_back(handler, path, alone, ledger):
    try:
        await Client(application=handler(15.0)).post(path, a_prompt())
    except asyncio.CancelledError:
        assert handler is IsCancelled

    assert leasing.in_flight() == 0
    assert usage.in_flight() == 0
    assert len(await ledger()) == 1
    assert (await alone.post(PLAIN, a_prompt())).status == 200


@pytest.mark.parametrize("error", [BadHeaderError, BadRequest, KeyError])
async def test_whatever_the_error_is(error, alone, monkeypatch, ledger):
    monkeypatch.setattr(Raises, "error", error)

    await Client(application=Raises(15.0)).post(STREAM, a_prompt())

    assert leasing.in_flight() == 0
    assert len(await ledger()) == 1


async def test_a_head_for_a_stream_leaves_nothing_open(alone):
    reply = await alone.request("HEAD", STREAM, a_prompt())

    assert reply.status == 405
    assert leasing.in_flight() == 0
    assert not await UsageRecord.objects.filter(endpoint__gt="").aexists()
