"""A request's body on its way out, no faster than it is taken: a large one is not copied and keeps nobody waiting."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import httpx
from aiohttp.abc import AbstractStreamWriter

from accounts_app.pool.content import SLICE_BYTES, Content, Pieces


class Upload(httpx.AsyncByteStream):
    """A `Content` as httpx takes it."""

    def __init__(self, content: Content) -> None:
        self.content = content

    def __aiter__(self) -> AsyncIterator[bytes]:
        return aiter(self.content)


async def upload_of(request: httpx.Request) -> Upload:
    """The body of a request made elsewhere."""
    # Not request.aread(): its check of what it reads costs more than the reading.
    assert isinstance(request.stream, httpx.AsyncByteStream)
    return Upload(Pieces(*[part async for part in request.stream]))


def payload_of(upload: Upload, write_timeout: float | None) -> Any:
    """The body as aiohttp takes it; None for none. Without a length it goes in chunks."""
    content = upload.content
    if isinstance(content, Pieces) and content.length <= SLICE_BYTES:
        return b"".join(content.pieces) or None
    return _Payload(content, write_timeout)


class _Payload(aiohttp.Payload):
    """A body written piece by piece, each within the write timeout; others have their turn between two.

    The next piece is asked for when upstream has taken the last one, and may take as long as its client does. The
    transport never holds more than one piece, which would keep a cancelled connection open until it is sent.
    """

    def __init__(self, content: Content, timeout: float | None) -> None:
        super().__init__(content, content_type="application/octet-stream")
        self._size = content.length
        self._timeout = timeout

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        raise TypeError("A body that is sent piece by piece has no text.")

    async def write(self, writer: AbstractStreamWriter) -> None:
        written = False
        try:
            async for piece in self._value:
                async with asyncio.timeout(self._timeout):
                    await writer.write(piece)
                    await writer.drain()
                await asyncio.sleep(0)
            written = True
        finally:
            transport = getattr(writer, "transport", None)
            if not written and transport is not None:
                # What is still buffered must not keep the connection open to be sent.
                transport.abort()

    async def write_with_length(self, writer: AbstractStreamWriter, content_length: int | None) -> None:
        await self.write(writer)
