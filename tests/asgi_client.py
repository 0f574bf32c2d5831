"""A client for the ASGI application without a socket: it sees each body message as it is sent, and can hang up."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from gateway_project.asgi import application

Application = Callable[..., Awaitable[None]]


@dataclass
class Reply:
    """What the application has sent so far."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    raw_headers: list[tuple[str, str]] = field(default_factory=list)  # names may repeat
    chunks: list[bytes] = field(default_factory=list)
    ended: bool = False
    failure: str | None = None  # the exception that ended the application

    @property
    def body(self) -> bytes:
        return b"".join(self.chunks)

    def json(self) -> Any:
        return json.loads(self.body)

    def events(self) -> list[Any]:
        """The JSON of each `data:` event."""
        return [json.loads(line[6:]) for line in self.body.split(b"\r\n\r\n") if line.startswith(b"data: {")]

    def texts(self) -> list[str]:
        """The text of each event that has one."""
        parts = [event.get("candidates", [{}])[0].get("content", {}).get("parts", []) for event in self.events()]
        return [part["text"] for some in parts for part in some if "text" in part]


class Exchange:
    """One request in flight."""

    def __init__(self, application: Application, scope: dict[str, Any], body: bytes) -> None:
        self.reply = Reply()
        self._inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._inbox.put_nowait({"type": "http.request", "body": body, "more_body": False})
        self._news = asyncio.Event()
        self._task = asyncio.create_task(self._run(application, scope))

    async def chunks(self, number: int = 1) -> bytes:
        """Wait until so many pieces of the body are there, or the application has ended; the body so far."""
        while len(self.reply.chunks) < number and not self._task.done():
            self._news.clear()
            waiter = asyncio.create_task(self._news.wait())
            await asyncio.wait({waiter, self._task}, return_when=asyncio.FIRST_COMPLETED)
            waiter.cancel()
        return self.reply.body

    async def end(self) -> Reply:
        """Wait until the application has ended."""
        await self._task
        return self.reply

    async def hang_up(self) -> Reply:
        """Disconnect, and wait until the application has ended."""
        self._inbox.put_nowait({"type": "http.disconnect"})
        return await self.end()

    async def _run(self, application: Application, scope: dict[str, Any]) -> None:
        try:
            await application(scope, self._inbox.get, self._send)
        except Exception as error:
            self.reply.failure = repr(
                error
            )  # not the error, which would keep alive the objects that tests of leftovers look for

    async def _send(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.reply.status = message["status"]
            self.reply.raw_headers = [(name.decode().lower(), value.decode()) for name, value in message["headers"]]
            self.reply.headers = dict(self.reply.raw_headers)
        else:
            if message.get("body"):
                self.reply.chunks.append(message["body"])
            self.reply.ended = not message.get("more_body", False)
        self._news.set()


class Client:
    """Sends requests as daphne does: from the client's `address`, received at the address `server`."""

    def __init__(
        self, server: str = "127.0.0.1", application: Application = application, address: str = "127.0.0.1"
    ) -> None:
        self.server = server
        self.address = address
        self.application = application

    def start(self, method: str, url: str, body: Any = b"", **headers: str) -> Exchange:
        """Begin a request; headers are given with underscores."""
        path, _, query = url.partition("?")  # urlsplit would take the first segment of //v1beta for a host
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        named = {"host": "127.0.0.1:8045", "content-type": "application/json", "content-length": str(len(raw))}
        named.update({name.replace("_", "-").lower(): value for name, value in headers.items()})
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "path": unquote(path),
            "raw_path": path.encode(),
            "root_path": "",
            "scheme": "http",
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in named.items()],
            "client": [self.address, 50000],
            "server": [self.server, 8045],
        }
        return Exchange(self.application, scope, raw)

    async def request(self, method: str, url: str, body: Any = b"", **headers: str) -> Reply:
        return await self.start(method, url, body, **headers).end()

    async def get(self, url: str, **headers: str) -> Reply:
        return await self.request("GET", url, **headers)

    async def post(self, url: str, body: Any = b"", **headers: str) -> Reply:
        return await self.request("POST", url, body, **headers)
