"""An answer's body on its way in: each piece handed on as it arrives, its silences and its compression seen to."""

import asyncio
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import nullcontext
from types import TracebackType

import aiohttp
import httpx
from aiohttp.client_proto import ResponseHandler

from accounts_app.http_client.errors import TRANSLATED, TooLarge, Unreadable, translated, without_frames

PLAIN = ("", "identity")
DECODED = (*PLAIN, "gzip", "x-gzip", "deflate")

# Of a compressed body, so much at a time is decoded: 1.5 MB of gzip may be 1.5 GB.
PIECE_BYTES = 256 * 1024


class Body(httpx.AsyncByteStream):
    """The raw bytes of one answer as they arrive."""

    __slots__ = ("_answer", "_content", "_ends_with_connection", "_protocol", "_request", "_silence", "encoding")

    def __init__(self, answer: aiohttp.ClientResponse, request: httpx.Request) -> None:
        self._answer = answer
        self._content = answer.content
        self._request = request
        connection = answer.connection
        self._protocol = None if connection is None else connection.protocol
        self._silence = None if self._protocol is None else _Silence(self._protocol, self._content)
        self._ends_with_connection = (
            "Content-Length" not in answer.headers and "Transfer-Encoding" not in answer.headers
        )
        self.encoding = answer.headers.get("Content-Encoding", "").strip().lower()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while chunk := await self.read():
            yield chunk

    async def read(self) -> bytes:
        """What has arrived since the last time, or else what comes next; empty at the end."""
        try:
            with self._silence or nullcontext():
                chunk = await self._content.readany()
        except TRANSLATED as error:
            if chunk := self._left():
                return chunk
            self.hang_up()
            raise translated(error, self._request) from without_frames(error)
        if chunk:
            return chunk
        if self._silence is not None:
            self._silence.over()
        if self._ends_with_connection and self._protocol is not None:
            # Such a body has no end of its own: only a connection closed in order completes it.
            lost = self._protocol.exception()
            if isinstance(lost, aiohttp.ClientOSError):
                raise translated(lost, self._request) from without_frames(lost)
        return chunk

    def _left(self) -> bytes:
        """What had arrived before the connection broke: aiohttp's reader, once it has failed, keeps it to itself."""
        return self._content._read_nowait(-1) if self._content._buffer else b""

    def limit_silence(self, seconds: float) -> None:
        """From now on the body may be silent for so many seconds."""
        if self._silence is not None:
            self._silence.limit(seconds)

    async def aclose(self) -> None:
        self.hang_up()

    def hang_up(self) -> None:
        """Give a finished connection back; abort an unfinished one, so upstream stops at once."""
        if self._silence is not None:
            self._silence.over()
        connection = self._answer.connection
        if connection is not None and connection.transport is not None:
            connection.transport.abort()
        self._answer.close()


class _Silence:
    """The idle timeout of a body, with one timer for all of it: aiohttp's own sets a new one at every chunk.

    A context manager around each wait: time in which nothing is awaited does not count.
    """

    __slots__ = ("_content", "_heard", "_loop", "_protocol", "_seconds", "_since", "_timer")

    def __init__(self, protocol: ResponseHandler, content: aiohttp.StreamReader) -> None:
        self._protocol = protocol
        self._content = content
        self._loop = asyncio.get_running_loop()
        self._seconds = protocol.read_timeout
        self._since: float | None = None
        self._heard = 0  # bytes by then
        self._timer: asyncio.TimerHandle | None = None
        protocol.read_timeout = None
        protocol.start_timeout()  # which now is none

    def __enter__(self) -> None:
        """Somebody waits for the next bytes."""
        self._since = self._loop.time()
        self._heard = self._content.total_bytes
        if self._timer is None and self._seconds:
            self._timer = self._loop.call_later(self._seconds, self._look)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._since = None

    def limit(self, seconds: float) -> None:
        """Between two waits: the next one may last so long."""
        if seconds != self._seconds:
            self._seconds = seconds
            self.over()
            self._timer = None

    def over(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _look(self) -> None:
        assert self._seconds is not None
        now = self._loop.time()
        # On a busy loop this may run before the task that waits has seen what has come.
        came = self._heard != self._content.total_bytes or self._content.is_eof()
        since = now if self._since is None or came else self._since
        if since + self._seconds > now:
            self._timer = self._loop.call_at(since + self._seconds, self._look)
            return
        error = aiohttp.SocketTimeoutError("The answer fell silent.")
        self._protocol.set_exception(error)
        self._content.set_exception(error)


def reader(response: httpx.Response, *, decoded: bool = True) -> Callable[[], Awaitable[bytes]]:
    """What reads the body as it arrives, `decoded` or as it was sent, a piece a call, empty at the end.

    A piece of a compressed body has at most PIECE_BYTES, however little it took. Raises httpx.TransportError only: a
    compressed body that is damaged or ends too early is Unreadable. The caller closes the response.
    """
    body = response.stream
    assert isinstance(body, Body)
    if body.encoding in PLAIN or not decoded:
        return body.read
    return _Inflated(body, response.request).read


def limit_silence(response: httpx.Response, seconds: float) -> None:
    """From now on an answer may be silent for so many seconds; call it between two reads."""
    if isinstance(response.stream, Body):
        response.stream.limit_silence(seconds)


async def whole(read: Callable[[], Awaitable[bytes]], limit: int) -> bytes:
    """All of a body, at most `limit` bytes of it. Raises TooLarge, and what `read` raises."""
    received = bytearray()  # grows in place: pieces kept until the end would be there twice
    while piece := await read():
        received += piece
        if len(received) > limit:
            raise TooLarge(f"The answer has more than {limit} bytes.")
    return bytes(received)


class _Inflated:
    """Decodes gzip and deflate as they arrive; Google flushes after every event, so nothing is held back."""

    __slots__ = ("_body", "_inflate", "_more", "_request")

    def __init__(self, body: Body, request: httpx.Request) -> None:
        self._body = body
        self._request = request
        self._inflate = zlib.decompressobj(zlib.MAX_WBITS | 32)  # either header
        self._more = False  # what has been read makes more than one piece

    async def read(self) -> bytes:
        while True:
            if self._more:
                compressed = self._inflate.unconsumed_tail
                await asyncio.sleep(0)  # a few bytes make very many pieces, and others wait
            elif not (compressed := await self._body.read()):
                break
            try:
                plain = self._inflate.decompress(compressed, PIECE_BYTES)
            except zlib.error as error:
                raise Unreadable("its compression is damaged", request=self._request) from error
            self._more = len(plain) == PIECE_BYTES
            if plain:
                return plain
        if not self._inflate.eof:
            raise Unreadable("its compression ended too early", request=self._request)
        return b""
