"""The HTTP client on real sockets: what it sends, what it hands back, and what each failure tells."""

import asyncio
import contextlib
import datetime
import gc
import gzip
import ipaddress
import socket
import ssl
import struct
import time
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from accounts_app import http_client
from accounts_app.http_client import chunks, client, close_all

Play = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.fixture(autouse=True)
async def nothing_left_open() -> AsyncIterator[None]:
    yield
    await close_all()


@contextlib.asynccontextmanager
async def serving(play: Play, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """A server that plays one part with every connection; gives its address."""
    writers: list[asyncio.StreamWriter] = []

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await play(reader, writer)

    server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls)
    scheme = "http" if tls is None else "https"
    try:
        yield f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    finally:
        server.close()
        for writer in writers:
            writer.transport.abort()
        await asyncio.sleep(0)


async def head(reader: asyncio.StreamReader) -> bytes:
    return await reader.readuntil(b"\r\n\r\n")


def part(*writes: bytes, then: str = "close") -> Play:
    """Reads a request's head, writes these bytes, then closes, resets or goes silent."""

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head(reader)
        for each in writes:
            writer.write(each)
            await writer.drain()
        if then == "reset":
            await read_by_the_peer(writer)
            reset(writer)
        elif then == "close":
            writer.close()
        else:
            await reader.read()

    return play


async def read_by_the_peer(writer: asyncio.StreamWriter) -> None:
    """A reset overtakes bytes the peer has not fetched yet: let its loop, which is ours, fetch them."""
    for _ in range(20):
        await asyncio.sleep(0)


def reset(writer: asyncio.StreamWriter) -> None:
    raw = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def in_chunks(*bodies: bytes) -> list[bytes]:
    return [b"%x\r\n%s\r\n" % (len(body), body) for body in bodies]


def refusing_address() -> str:
    with socket.socket() as once:
        once.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{once.getsockname()[1]}/"


# --- What each failure tells


async def test_a_refused_connection_is_a_connect_error():
    with pytest.raises(httpx.ConnectError) as failed:
        await client().post(refusing_address(), content=b"{}")

    assert type(failed.value) is httpx.ConnectError
    assert failed.value.request.method == "POST"


async def test_an_unknown_host_is_a_connect_error():
    with pytest.raises(httpx.ConnectError):
        await client().post("http://nowhere.invalid/", content=b"{}")


async def test_a_server_without_tls_is_a_connect_error():
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    async with serving(plain) as address:
        with pytest.raises(httpx.ConnectError):
            await client().post(address.replace("http:", "https:"), content=b"{}")


async def test_a_certificate_nobody_vouches_for_is_a_connect_error(tls_server: ssl.SSLContext):
    http_client._ssl_context.cache_clear()

    async with serving(part(OK), tls=tls_server) as address:
        with pytest.raises(httpx.ConnectError, match=r"(?i)certificate"):
            await client().post(address, content=b"{}")


async def test_a_handshake_that_never_ends_is_a_connect_timeout():
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with serving(silent) as address:
        with pytest.raises(httpx.ConnectTimeout):
            await client().post(address.replace("http:", "https:"), timeout=httpx.Timeout(9, connect=0.05))


async def test_closing_without_an_answer_is_a_remote_protocol_error():
    async with serving(part()) as address:
        with pytest.raises(httpx.RemoteProtocolError):
            await client().post(address, content=b"{}")


async def test_a_reset_before_the_answer_is_a_read_error():
    async with serving(part(then="reset")) as address:
        with pytest.raises(httpx.ReadError):
            await client().post(address, content=b"{}")


async def test_silence_before_the_answer_is_a_read_timeout():
    async with serving(part(then="stall")) as address:
        with pytest.raises(httpx.ReadTimeout):
            await client().post(address, timeout=httpx.Timeout(9, read=0.05))


async def test_silence_within_the_answer_is_a_read_timeout():
    async with (
        serving(part(CHUNKED, *in_chunks(b"one"), then="stall")) as address,
        client().stream("POST", address, timeout=httpx.Timeout(9, read=0.05)) as response,
    ):
        received = chunks(response)
        assert await anext(received) == b"one"
        with pytest.raises(httpx.ReadTimeout):
            await anext(received)


async def test_an_answer_that_is_not_http_is_a_remote_protocol_error():
    async with serving(part(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")) as address:
        with pytest.raises(httpx.RemoteProtocolError):
            await client().post(address, content=b"{}")


@pytest.mark.parametrize(
    "written",
    [
        pytest.param([CHUNKED, *in_chunks(b"one")], id="chunked"),
        pytest.param([b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\none"], id="sized"),
    ],
)
async def test_a_body_cut_short_is_a_remote_protocol_error(written: list[bytes]):
    async with serving(part(*written)) as address:
        with pytest.raises(httpx.RemoteProtocolError):
            await client().post(address, content=b"{}")


async def test_a_broken_chunk_is_a_remote_protocol_error():
    async with serving(part(CHUNKED, b"zz\r\n", then="stall")) as address:
        with pytest.raises(httpx.RemoteProtocolError):
            await client().post(address, content=b"{}")


@pytest.mark.parametrize(
    "written",
    [
        pytest.param([CHUNKED, *in_chunks(b"one")], id="chunked"),
        pytest.param([b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\none"], id="sized"),
        pytest.param([b"HTTP/1.1 200 OK\r\n\r\none"], id="ended by the connection"),
    ],
)
async def test_a_reset_within_the_body_never_passes_for_its_end(written: list[bytes]):
    async with serving(part(*written, then="reset")) as address:
        with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
            await client().post(address, content=b"{}")


async def test_a_body_ended_by_the_connection_is_complete_when_closed_in_order():
    async with serving(part(b"HTTP/1.1 200 OK\r\n\r\none")) as address:
        assert (await client().post(address)).content == b"one"


async def test_a_server_that_stops_reading_is_a_write_timeout():
    async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.pause_reading()
        await asyncio.Event().wait()

    async with serving(deaf) as address:
        with pytest.raises(httpx.WriteTimeout):
            await client().post(address, content=bytes(64_000_000), timeout=httpx.Timeout(9, write=0.05))


async def test_a_line_break_within_a_header_is_refused_unsent():
    async with serving(part(OK)) as address:
        with pytest.raises(httpx.LocalProtocolError):
            await client().post(address, headers={"X-Name": "one\r\nX-Other: two"})


async def test_an_unknown_scheme_is_refused_unsent():
    with pytest.raises(httpx.UnsupportedProtocol):
        await client().post("ftp://127.0.0.1/")


# --- What is sent and handed back


async def test_the_request_arrives_as_written_with_an_honest_user_agent():
    seen: list[bytes] = []

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await head(reader))
        writer.write(OK)

    async with serving(play) as address:
        await client().get(address + "v1/models%3Ax?a=%20b", headers=[("X-Twice", "1"), ("X-Twice", "2")])

    lines = seen[0].split(b"\r\n")
    assert lines[0] == b"GET /v1/models%3Ax?a=%20b HTTP/1.1"
    assert b"User-Agent: gemini-gateway/0.1.0" in lines
    assert b"Accept-Encoding: gzip" in lines
    assert [line.lower() for line in lines if line.lower().startswith(b"x-twice")] == [b"x-twice: 1", b"x-twice: 2"]


async def test_a_large_body_arrives_whole():
    body = bytes(range(256)) * 12_000

    async def echo_size(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await head(reader)
        assert b"Content-Length: 3072000" in request
        checksum = zlib.crc32(await reader.readexactly(len(body)))
        answer = str(checksum).encode()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(answer), answer))

    async with serving(echo_size) as address:
        response = await client().post(address, content=body)

    assert response.text == str(zlib.crc32(body))


async def test_repeated_headers_of_an_answer_stay_apart():
    async with serving(part(b"HTTP/1.1 200 OK\r\nVary: A\r\nVary: B\r\nContent-Length: 0\r\n\r\n")) as address:
        response = await client().get(address)

    assert response.headers.get_list("vary") == ["A", "B"]


async def test_a_redirect_is_handed_back_and_not_followed():
    async with serving(
        part(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n")
    ) as address:
        response = await client().post(address)

    assert (response.status_code, response.reason_phrase) == (302, "Found")


async def test_cookies_are_forgotten():
    seen: list[bytes] = []

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(2):
            seen.append(await head(reader))
            writer.write(b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b; Path=/\r\nContent-Length: 0\r\n\r\n")

    async with serving(play) as address:
        await client().get(address)
        await client().get(address)

    assert len(seen) == 2
    assert not any(b"cookie" in request.lower() for request in seen)


async def test_one_connection_serves_one_call_after_the_other():
    connections = 0

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        while True:
            await head(reader)
            writer.write(OK)

    async with serving(play) as address:
        for _ in range(5):
            assert (await client().post(address)).text == "ok"

    assert connections == 1


async def test_environment_proxies_are_not_trusted(monkeypatch: pytest.MonkeyPatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, refusing_address())

    async with serving(part(OK)) as address:
        assert (await client().get(address)).text == "ok"


@pytest.mark.parametrize("read", ["httpx", "chunks"])
async def test_gzip_is_decoded_event_by_event(read: str):
    squeeze = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)
    asked_on: asyncio.Queue[None] = asyncio.Queue()

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head(reader)
        writer.write(CHUNKED.replace(b"\r\n\r\n", b"\r\nContent-Encoding: gzip\r\n\r\n"))
        for event in (b"data: one\r\n\r\n", b"data: two\r\n\r\n"):
            writer.writelines(in_chunks(squeeze.compress(event) + squeeze.flush(zlib.Z_SYNC_FLUSH)))
            await asked_on.get()
        writer.writelines([*in_chunks(squeeze.flush()), b"0\r\n\r\n"])

    async with serving(play) as address, client().stream("POST", address) as response:
        received = chunks(response) if read == "chunks" else response.aiter_bytes()
        events = []
        async for event in received:
            events.append(event)
            asked_on.put_nowait(None)

    assert events == [b"data: one\r\n\r\n", b"data: two\r\n\r\n"]


@pytest.mark.parametrize("sent", [gzip.compress(b"whole")[:-9], b"not gzip"], ids=["cut", "damaged"])
async def test_a_compressed_body_that_is_no_whole_one_is_a_remote_protocol_error(sent: bytes):
    answer = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%s" % (len(sent), sent)

    async with serving(part(answer)) as address, client().stream("POST", address) as response:
        with pytest.raises(httpx.RemoteProtocolError):
            [each async for each in chunks(response)]


# --- Hanging up


class Witness:
    """A server's part that answers as far as told, then notes when the connection ended."""

    def __init__(self, *writes: bytes, read_body: bool = True) -> None:
        self.writes = writes
        self.read_body = read_body
        self.asked = asyncio.Event()
        self.hung_up = asyncio.Event()
        self.at = 0.0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head(reader)
        writer.writelines(self.writes)
        self.asked.set()
        if not self.read_body:
            return
        with contextlib.suppress(ConnectionError):
            await reader.read()
        self.at = time.perf_counter()
        self.hung_up.set()


async def hang_up_latency(witness: Witness, tls: ssl.SSLContext | None = None, body: bytes = b"{}") -> float:
    async with serving(witness, tls) as address:

        async def call() -> None:
            async with client().stream("POST", address, content=body) as response:
                async for _ in chunks(response):
                    pass

        task = asyncio.create_task(call())
        await witness.asked.wait()
        await asyncio.sleep(0.01)
        started = time.perf_counter()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.wait_for(witness.hung_up.wait(), 2)
        return witness.at - started


@pytest.mark.parametrize("writes", [(), (CHUNKED, *in_chunks(b"one"))], ids=["before the answer", "within the answer"])
@pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "tls"])
async def test_a_cancelled_call_hangs_up_at_once(
    writes: tuple[bytes, ...], encrypted: bool, trusted: None, tls_server: ssl.SSLContext
):
    witness = Witness(*writes)

    latency = await hang_up_latency(witness, tls_server if encrypted else None)

    assert latency < 2


async def test_a_body_left_unread_hangs_up_when_closed():
    witness = Witness(CHUNKED, *in_chunks(b"one"))

    async with serving(witness) as address:
        async with client().stream("POST", address) as response:
            assert await anext(chunks(response)) == b"one"
        await asyncio.wait_for(witness.hung_up.wait(), 2)


async def test_a_cancelled_upload_leaves_no_connection_behind():
    connected: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()

    async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.pause_reading()
        connected.put_nowait((reader, writer))
        await asyncio.Event().wait()

    async with serving(deaf) as address:
        task = asyncio.create_task(client().post(address, content=bytes(64_000_000)))
        reader, writer = await connected.get()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

        writer.transport.resume_reading()
        with contextlib.suppress(ConnectionError):
            assert len(await asyncio.wait_for(reader.read(), 2)) < 64_000_000


# --- Egress proxies


async def tunnel(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, to: str) -> None:
    url = httpx.URL(to)
    there_reader, there_writer = await asyncio.open_connection(url.host, url.port)

    async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while some := await source.read(65536):
                sink.write(some)
        sink.close()

    await asyncio.gather(pump(reader, there_writer), pump(there_reader, writer))


async def test_an_http_proxy_carries_the_call():
    seen: list[bytes] = []

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await head(reader))
        writer.write(OK)

    async with serving(proxy) as address:
        proxy_url = address.replace("http://", "http://alice:secret@")
        response = await client(proxy_url).post("http://upstream.example/v1", content=b"{}")

    assert response.text == "ok"
    assert seen[0].startswith(b"POST http://upstream.example/v1 HTTP/1.1")
    assert b"Proxy-Authorization: Basic " in seen[0]


async def test_a_socks_proxy_carries_the_call():
    async with serving(part(OK)) as upstream:

        async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readexactly(3)
            writer.write(b"\x05\x00")
            await reader.readexactly(4 + 4 + 2)
            writer.write(b"\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x00")
            await tunnel(reader, writer, upstream)

        async with serving(proxy) as address:
            response = await client(address.replace("http:", "socks5:")).post(upstream, content=b"{}")

    assert response.text == "ok"


async def test_a_dead_proxy_is_never_passed_by():
    reached = False

    async def upstream(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal reached
        reached = True

    async with serving(upstream) as address:
        with pytest.raises(httpx.ConnectError):
            await client(refusing_address()).post(address, content=b"{}")

    assert not reached


@pytest.mark.parametrize("address", ["ftp://127.0.0.1:1", "nonsense", "http://:8080", "http://[::1"])
async def test_an_address_that_is_no_proxy_is_a_proxy_error(address: str):
    with pytest.raises(httpx.ProxyError) as failed:
        client(address)

    assert address not in str(failed.value)


async def test_a_proxy_that_retires_finishes_what_is_under_way(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(http_client, "MAX_PROXIES", 1)
    go_on = asyncio.Event()

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head(reader)
        writer.writelines([CHUNKED, *in_chunks(b"one")])
        await go_on.wait()
        writer.writelines([*in_chunks(b"two"), b"0\r\n\r\n"])
        await reader.read()

    async with (
        serving(proxy) as first,
        serving(part(OK)) as second,
        client(first).stream("POST", "http://upstream.example/") as response,
    ):
        received = response.aiter_bytes()
        assert await anext(received) == b"one"
        await client(second).get("http://upstream.example/")
        go_on.set()
        assert [each async for each in received] == [b"two"]

    assert list(http_client._by_loop[asyncio.get_running_loop()].proxied) == [second]


# --- Loops


async def test_a_loop_has_one_client_until_it_is_closed():
    first = client()
    assert client() is first

    await close_all()

    assert first.is_closed
    assert client() is not first


def test_another_loop_has_a_client_of_its_own():
    async def identity() -> int:
        try:
            return id(client())
        finally:
            await close_all()

    assert asyncio.run(identity()) and asyncio.run(identity())
    assert not [loop for loop in http_client._by_loop if loop.is_closed()]


@pytest.mark.filterwarnings("error")
def test_a_loop_that_ended_without_closing_is_swept_without_a_warning():
    async def forget() -> None:
        client()

    async def sweep() -> None:
        client()
        await close_all()

    asyncio.run(forget())
    asyncio.run(sweep())
    gc.collect()

    assert not [loop for loop in http_client._by_loop if loop.is_closed()]


# --- A certificate of our own


@pytest.fixture
def tls_server(tmp_path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    return _server_context(key, tmp_path)


@pytest.fixture
def trusted(tls_server: ssl.SSLContext, tmp_path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
    http_client._ssl_context.cache_clear()
    yield
    http_client._ssl_context.cache_clear()


def _server_context(key: ec.EllipticCurvePrivateKey, directory) -> ssl.SSLContext:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    (directory / "certificate.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (directory / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(directory / "certificate.pem", directory / "key.pem")
    return context
