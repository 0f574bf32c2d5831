"""A request's body on its way out: in slices, so that one of 100 MB is neither copied nor keeps everybody waiting."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any

import aiohttp
import httpx
from aiohttp.abc import AbstractStreamWriter
from msgspec import Raw

Buffer = bytes | Raw

# The transport never holds more than one slice, so a large upload neither doubles in memory nor keeps a cancelled
# connection open until it is flushed. Smaller bodies go in one piece.
SLICE_BYTES = 256 * 1024


class Upload(httpx.AsyncByteStream):
    """A body in pieces; `size` is what they have together, in bytes."""

    def __init__(self, pieces: Sequence[Buffer]) -> None:
        self.pieces = pieces
        self.size = sum(map(len, pieces))

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for slice_ in self.slices():
            yield slice_

    def slices(self) -> Iterator[bytes]:
        """The body in slices: small pieces together, large ones cut."""
        gathered = bytearray()
        for piece in self.pieces:
            view = memoryview(piece)
            for start in range(0, len(view), SLICE_BYTES):
                part = view[start : start + SLICE_BYTES]
                if len(gathered) + len(part) > SLICE_BYTES:
                    yield bytes(gathered)
                    gathered.clear()
                gathered += part
        if gathered:
            yield bytes(gathered)


async def upload_of(request: httpx.Request) -> Upload:
    """The body of a request made elsewhere."""
    # Not request.aread(): its check of what it reads costs more than the reading.
    assert isinstance(request.stream, httpx.AsyncByteStream)
    return Upload([part async for part in request.stream])


def payload_of(upload: Upload, write_timeout: float | None) -> Any:
    """The body as aiohttp takes it; None for none."""
    if upload.size > SLICE_BYTES:
        return _Slices(upload, write_timeout)
    return b"".join(upload.pieces) or None


class _Slices(aiohttp.Payload):
    """A request body written slice by slice, each within the write timeout; others have their turn between two."""

    def __init__(self, upload: Upload, timeout: float | None) -> None:
        super().__init__(upload, content_type="application/octet-stream")
        self._size = upload.size
        self._timeout = timeout

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        return str(b"".join(self._value.pieces), encoding, errors)

    async def write(self, writer: AbstractStreamWriter) -> None:
        written = False
        try:
            for piece in self._value.slices():
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
