"""One HTTP exchange with an upstream: the only door to the HTTP client on a call's road.

Foreign exceptions end here. What can go wrong is told in two words: `Unreachable` (no answer that one could use) and
`Interrupted` (an answer that broke off while it was read).
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import httpx

from accounts_app import http_client, patience
from proxy_app.wire.dialects import UpstreamRequest


class Unreachable(Exception):
    """No connection, no answer in time, or none worth the name."""


class Interrupted(Exception):
    """The body broke off, or fell silent for too long."""


class Exchange:
    """An answer whose head has arrived; the body is still on its way."""

    __slots__ = ("_response", "status")

    def __init__(self, response: httpx.Response) -> None:
        self._response = response
        self.status = response.status_code

    def __repr__(self) -> str:
        return f"<Exchange {self.status}>"

    @property
    def content_type(self) -> str:
        return self._response.headers.get("content-type", "")

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body as it comes, decompressed, in pieces of any size. Raises Interrupted."""
        with _broken_body():
            async for chunk in http_client.chunks(self._response):
                yield chunk

    async def read(self) -> bytes:
        """The whole body. Raises Interrupted."""
        with _broken_body():
            return b"".join([chunk async for chunk in http_client.chunks(self._response)])


@asynccontextmanager
async def exchange(request: UpstreamRequest, proxy_url: str = "") -> AsyncIterator[Exchange]:
    """Send `request` and wait for the answer's head; leaving closes the connection or gives it back.

    Raises Unreachable.
    """
    silence = patience.idle_timeout()
    outgoing = http_client.request("POST", request.url, request.headers, request.body, read_timeout=silence)
    try:
        response = await http_client.client(proxy_url).send(outgoing, stream=True)
    except httpx.HTTPError as error:
        raise Unreachable(_said(error)) from error
    try:
        yield Exchange(response)
    finally:
        await response.aclose()


@contextmanager
def _broken_body() -> Iterator[None]:
    try:
        yield
    except (httpx.HTTPError, httpx.StreamError) as error:
        raise Interrupted(_said(error)) from error


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
