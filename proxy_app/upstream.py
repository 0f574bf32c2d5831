"""One HTTP exchange with an upstream: the only door to the HTTP client on a call's road.

Foreign exceptions end here. What can go wrong is told in two words: `Unreachable` (no answer that one could use) and
`Interrupted` (an answer that broke off while it was read).
"""

import asyncio
from types import TracebackType
from typing import Self

import httpx

from accounts_app import http_client, patience
from proxy_app.wire.dialects import UpstreamRequest
from proxy_app.wire.large_bodies import LARGE_BYTES

# Between two steps that take milliseconds each, others have a turn: as long as an event of theirs takes to pass.
TURN_SECONDS = 0.002


class Unreachable(Exception):
    """No connection, no answer in time, or none worth the name."""


class Interrupted(Exception):
    """The body broke off, or fell silent for too long."""


class Exchange:
    """An answer whose head has arrived; the body is still on its way.

    A context manager: leaving it closes the connection or gives it back.
    """

    __slots__ = ("_read", "_response", "status")

    def __init__(self, response: httpx.Response) -> None:
        self._response = response
        self._read = http_client.reader(response)
        self.status = response.status_code

    def __repr__(self) -> str:
        return f"<Exchange {self.status}>"

    @property
    def content_type(self) -> str:
        return self._response.headers.get("content-type", "")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._response.aclose()

    async def chunk(self) -> bytes:
        """The next piece of the body as it comes, decompressed, of any size; empty at the end. Raises Interrupted."""
        try:
            return await self._read()
        except (httpx.HTTPError, httpx.StreamError) as error:
            raise Interrupted(_said(error)) from error

    async def read(self) -> bytes:
        """The whole body. Raises Interrupted."""
        whole = bytearray()  # grows in place: pieces kept until the end would be there twice
        while piece := await self.chunk():
            whole += piece
        await turn_of_others(len(whole))
        return bytes(whole)


async def turn_of_others(size: int) -> None:
    """Between two steps that each go over `size` bytes."""
    if size > LARGE_BYTES:
        await asyncio.sleep(TURN_SECONDS)


async def exchange(request: UpstreamRequest, proxy_url: str = "") -> Exchange:
    """Send `request` and wait for the answer's head. Raises Unreachable."""
    silence = patience.idle_timeout()
    outgoing = http_client.request("POST", request.url, request.headers, *request.pieces, read_timeout=silence)
    try:
        return Exchange(await http_client.client(proxy_url).send(outgoing, stream=True))
    except httpx.HTTPError as error:
        raise Unreachable(_said(error)) from error


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
