"""One exchange on real sockets: the failure for each thing that can go wrong, and the bounds of what is read."""

import asyncio
import contextlib
import gc
import gzip
import os
import resource
import sys
import zlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from accounts_app import http_client, roster
from proxy_app.forwarding import exchange as exchanges
from proxy_app.forwarding.exchange import Exchange, exchange
from proxy_app.wire.dialects import UpstreamRequest
from tests.accounts_app.http_client.sockets import (
    CHUNKED,
    OK,
    Play,
    head,
    in_chunks,
    part,
    refusing_address,
    reset,
    serving,
)

MEGABYTE = 1024 * 1024


@pytest.fixture(autouse=True)
async def ready(upstream) -> AsyncIterator[None]:
    """The operator's timeouts are known."""
    await roster.refresh()
    yield
    await http_client.close_all()


async def asked(address: str, **options) -> Exchange:
    return await exchange(UpstreamRequest(address, {}, [b"{}"]), **options)


async def read_from(play: Play) -> bytes:
    async with serving(play) as address, await asked(address) as answer:
        return await answer.read()


def answer(body: bytes, *headers: bytes, status: bytes = b"200 OK") -> bytes:
    lines = [b"HTTP/1.1 " + status, b"Content-Length: %d" % len(body), *headers]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


# --- Before the head


async def test_nothing_was_sent_where_there_is_no_connection():
    with pytest.raises(exchanges.Unreachable):
        await asked(refusing_address())


async def test_a_dead_proxy_is_not_a_dead_endpoint():
    with pytest.raises(exchanges.ProxyFailed):
        await asked("http://upstream.example/", proxy_url=refusing_address())


@pytest.mark.parametrize("then", ["close", "reset"])
async def test_a_fresh_connection_that_is_closed_is_not_stale(then: str):
    async with serving(part(then=then)) as address:
        with pytest.raises(exchanges.Dropped):
            await asked(address)


@pytest.mark.parametrize("then", ["close", "reset"])
async def test_a_kept_connection_that_ends_is_stale_and_a_fresh_one_answers(then: str):
    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head(reader)
        await reader.readexactly(2)
        writer.write(OK)
        await head(reader)
        writer.close() if then == "close" else reset(writer)

    async with serving(play) as address:
        async with await asked(address) as first:
            assert await first.read() == b"ok"
        with pytest.raises(exchanges.StaleConnection):
            await asked(address)
        async with await asked(address, fresh=True) as again:
            assert await again.read() == b"ok"


async def test_silence_before_the_head_is_a_failure_of_its_own(settings):
    settings.GATEWAY_IDLE_TIMEOUT = 0.1

    async with serving(part(then="stall")) as address:
        with pytest.raises(exchanges.Silent):
            await asked(address)


@pytest.mark.parametrize(
    ("written", "what"),
    [
        (b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 9000 + b"\r\n\r\n", "longer than 8190 bytes"),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "not HTTP"),
        (answer(b"<html>", b"Content-Type: text/html; charset=utf-8"), "a web page"),
        (answer(b"", b"Location: https://login.example/", status=b"302 Found"), "a redirect, with status 302"),
        (answer(b"x", status=b"407 Proxy Authentication Required"), "the login of a proxy, with status 407"),
        (answer(b"x", b"Content-Encoding: br"), "compression was not asked for"),
    ],
    ids=["a long header", "another protocol", "a web page", "a redirect", "a proxy", "another compression"],
)
async def test_an_answer_of_no_api_is_described_in_the_error(written: bytes, what: str):
    async with serving(part(written)) as address:
        with pytest.raises(exchanges.Unreadable) as failed:
            await asked(address)

    assert what in failed.value.for_client
    assert failed.value.code == 502


async def test_no_descriptor_left_is_a_failure_of_the_gateway():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    taken = []
    with pytest.raises(exchanges.Unreachable):
        await asked("http://nowhere.invalid/")  # as in a gateway that has looked up names before
    async with serving(part(OK)) as address:
        highest = max(int(each.name) for each in Path("/proc/self/fd").iterdir())  # noqa: ASYNC240
        resource.setrlimit(resource.RLIMIT_NOFILE, (highest + 1, hard))
        try:
            while True:
                try:
                    taken.append(os.dup(0))
                except OSError:
                    break
            for unreachable in (address, "http://nowhere.invalid/"):
                with pytest.raises(exchanges.OutOfDescriptors) as failed:
                    await asked(unreachable)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
            for each in taken:
                os.close(each)

    assert failed.value.for_client == "This gateway has run out of file descriptors."


# --- The body


@pytest.mark.parametrize(
    ("body", "header", "what"),
    [
        (gzip.compress(b"{}"), b"X-None: 1", "compressed and does not say so"),
        (b"not gzip", b"Content-Encoding: gzip", "compression is damaged"),
        (gzip.compress(b"whole")[:-9], b"Content-Encoding: gzip", "compression ended too early"),
        (b"\xff\xff\xff", b"Content-Encoding: deflate", "compression is damaged"),
    ],
    ids=["unlabelled", "no gzip", "cut", "no deflate"],
)
async def test_a_body_that_cannot_be_read_is_described_in_the_error(body: bytes, header: bytes, what: str):
    with pytest.raises(exchanges.Garbled) as failed:
        await read_from(part(answer(body, header)))

    assert what in failed.value.for_client
    assert failed.value.code == 502


@pytest.mark.parametrize("encoded", [gzip.compress(b"whole"), zlib.compress(b"whole")], ids=["gzip", "deflate"])
async def test_a_compressed_body_is_read(encoded: bytes):
    name = b"gzip" if encoded[:2] == b"\x1f\x8b" else b"deflate"

    assert await read_from(part(answer(encoded, b"Content-Encoding: " + name))) == b"whole"


async def test_a_closed_connection_is_interrupted_and_a_stalled_one_fell_silent(settings):
    settings.GATEWAY_IDLE_TIMEOUT = 0.1

    for then, failure in (("close", exchanges.Interrupted), ("stall", exchanges.FellSilent)):
        with pytest.raises(failure) as failed:
            await read_from(part(CHUNKED, *in_chunks(b"one"), then=then))
        assert type(failed.value) is failure


def bomb(megabytes: int) -> bytes:
    """So many MB of zeros as gzip, a thousandth as large; without the checksum, which is never reached."""
    squeeze = zlib.compressobj(9, wbits=zlib.MAX_WBITS | 16)
    first, more = (squeeze.compress(bytes(MEGABYTE)) + squeeze.flush(zlib.Z_FULL_FLUSH) for _ in range(2))
    return first + more * (megabytes - 1)


async def test_an_answer_that_inflates_without_end_is_too_large():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    with pytest.raises(exchanges.TooLarge):
        await read_from(part(answer(bomb(600), b"Content-Encoding: gzip")))

    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 < 450 * MEGABYTE


async def test_others_have_their_turn_while_a_body_inflates():
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(others())
    with pytest.raises(exchanges.Garbled):
        await read_from(part(answer(bomb(50), b"Content-Encoding: gzip")))
    counting.cancel()

    assert turns > 150


@pytest.mark.parametrize("encoding", ["plain", "gzip"])
async def test_of_an_errors_body_the_beginning_is_enough(encoding: str):
    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head(reader)
        label = b"Content-Encoding: gzip\r\n" if encoding == "gzip" else b""
        writer.write(b"HTTP/1.1 500 No\r\nTransfer-Encoding: chunked\r\n" + label + b"\r\n")
        block = bomb(50) if encoding == "gzip" else bytes(MEGABYTE)
        while True:
            writer.writelines(in_chunks(block))
            await writer.drain()

    async with serving(play) as address, await asked(address) as error:
        assert len(await error.read()) == MEGABYTE


@pytest.mark.parametrize("then", ["close", "reset"])
async def test_an_error_whose_body_is_interrupted_is_still_that_error(then: str):
    async with (
        serving(part(b"HTTP/1.1 429 No\r\nTransfer-Encoding: chunked\r\n\r\n", *in_chunks(b"{"), then=then)) as address,
        await asked(address) as error,
    ):
        assert error.status == 429
        assert await error.read() in (b"{", b"")


# --- What the head says


async def test_only_headers_for_the_client_are_passed_on():
    said = [
        b"x-gemini-service-tier: priority",
        b"Server-Timing: gfet4t7; dur=1377",
        b"X-Goog-Ext-353267353-Bin: Abc=",
        b"Server-Timing: x; dur=1",
        b"Retry-After: 40",
        b"Set-Cookie: a=b",
        b"alt-svc: h3",
        b"X-Frame-Options: SAMEORIGIN",
    ]

    async with serving(part(answer(b"{}", *said))) as address, await asked(address) as exchanged:
        assert exchanged.client_headers == {
            "x-gemini-service-tier": "priority",
            "server-timing": "gfet4t7; dur=1377, x; dur=1",
            "x-goog-ext-353267353-bin": "Abc=",
        }
        assert exchanged.retry_after == "40"


async def test_a_probe_fails_as_an_exchange_would():
    async with serving(part(OK)) as address:
        await exchanges.probe(address)

    with pytest.raises(exchanges.Unreachable):
        await exchanges.probe(refusing_address())
    with pytest.raises(exchanges.ProxyFailed):
        await exchanges.probe("https://upstream.example", refusing_address())


# --- What is left behind


@pytest.mark.parametrize("size", [1000, 300 * 1024])
async def test_a_body_is_let_go_once_the_answer_has_begun(size: int):
    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head(reader)
        await reader.readexactly(size)
        writer.writelines([CHUNKED, *in_chunks(b"one")])
        await reader.read()

    body = os.urandom(size)
    before = sys.getrefcount(body)
    async with serving(play) as address, await exchange(UpstreamRequest(address, {}, [body])) as exchanged:
        assert await exchanged.chunk() == b"one"
        assert sys.getrefcount(body) == before


DEFLATED = b"Content-Encoding: gzip"


@pytest.mark.parametrize(
    "play",
    [
        pytest.param(part(), id="closed"),
        pytest.param(part(then="reset"), id="reset"),
        pytest.param(part(then="stall"), id="silent"),
        pytest.param(part(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"), id="no http"),
        pytest.param(part(b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 9000 + b"\r\n\r\n"), id="a long header"),
        pytest.param(part(answer(b"<html>", b"Content-Type: text/html")), id="a web page"),
        pytest.param(part(answer(b"x", b"Content-Encoding: br")), id="another compression"),
        pytest.param(part(answer(gzip.compress(b"x"))), id="unlabelled"),
        pytest.param(part(answer(b"no gzip", DEFLATED)), id="damaged"),
        pytest.param(part(answer(gzip.compress(b"whole")[:-9], DEFLATED)), id="cut gzip"),
        pytest.param(part(CHUNKED, *in_chunks(b"one")), id="cut"),
        pytest.param(part(CHUNKED, *in_chunks(b"one"), then="reset"), id="cut by a reset"),
        pytest.param(part(CHUNKED, *in_chunks(b"one"), then="stall"), id="fell silent"),
        pytest.param(part(CHUNKED, b"zz\r\n", then="stall"), id="a broken chunk"),
        pytest.param(part(answer(b"{}", status=b"500 No")), id="an error"),
        pytest.param(part(OK), id="answered"),
    ],
)
async def test_an_exchange_leaves_no_body_to_the_garbage_collector(play: Play, settings):
    settings.GATEWAY_IDLE_TIMEOUT = 0.1
    body = bytes(300 * 1024)

    async def one(address: str) -> None:
        with contextlib.suppress(exchanges.Failure):
            async with await exchange(UpstreamRequest(address, {}, [body])) as exchanged:
                await exchanged.read()

    gc.collect()
    gc.disable()
    try:
        async with serving(play) as address:
            before = sys.getrefcount(body)
            await asyncio.create_task(one(address))
            await asyncio.sleep(0)
            assert sys.getrefcount(body) == before
    finally:
        gc.enable()
