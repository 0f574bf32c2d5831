"""The load: clients on raw sockets, in a process of its own: `python -m bench.load`.

One JSON `Work` a line on standard input, one JSON `Outcome` a line on standard output. Connections are kept between
works, so that a warm-up warms what is measured.
"""

import asyncio
import json
import re
import sys
import time
from dataclasses import asdict, dataclass, field

_STAMP = re.compile(rb"@(\d+\.\d{6})@")
_END = b"\r\n0\r\n\r\n"


@dataclass(slots=True)
class Work:
    """`count` requests over `connections`; `rate` a second if it is not 0, else each as soon as the last is answered.

    A `body` of `@1000` stands for one of 1,000 bytes.

    `spread` seconds are taken to open the connections' first requests; `key` is sent as x-goog-api-key. `every` keeps
    the lateness of every stamped event.
    """

    port: int
    path: str
    count: int
    connections: int
    key: str = field(default="", repr=False)
    body: str = ""
    rate: float = 0.0
    spread: float = 0.0
    every: bool = False


@dataclass(slots=True)
class Outcome:
    """Seconds each: whole answers, time to the first event (or body byte), lateness of stamped events."""

    seconds: float = 0.0
    errors: int = 0
    events: int = 0
    size: int = 0
    whole: list[float] = field(default_factory=list)
    first: list[float] = field(default_factory=list)
    latest: list[float] = field(default_factory=list)  # the most belated event of each stream
    late: list[float] | None = None  # each event, where the work asks for it
    first_error: str = ""


class Client(asyncio.Protocol):
    """One connection, one request at a time."""

    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome
        self._done: asyncio.Future[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        if self._done is not None and not self._done.done():
            self._fail("the connection was closed")

    async def ask(self, request: bytes, began: float = 0.0) -> None:
        """`began` is when the request should have gone out, where a rate says so."""
        self._began = began or time.perf_counter()
        self._head = b""
        self._left = -1  # bytes of the body still to come; -1 for an unknown number
        self._tail = b""
        self._events = 0
        self._late = 0.0
        self._in_body = False
        self._done = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        await self._done

    def data_received(self, data: bytes) -> None:
        if self._done is None or self._done.done():
            return
        if not self._in_body:
            self._head += data
            head, found, data = self._head.partition(b"\r\n\r\n")
            if not found:
                return
            self._in_body = True
            if not head.startswith(b"HTTP/1.1 200"):
                return self._fail(self._head[:300].decode("latin-1"))
            _, is_sized, length = head.lower().partition(b"content-length:")
            self._left = int(length.partition(b"\r\n")[0]) if is_sized else -1
        if data:
            self._read(data)

    def _read(self, data: bytes) -> None:
        now = time.perf_counter()
        self.outcome.size += len(data)
        if self._left >= 0:
            self._left -= len(data)
            if self._left <= 0:
                self._first(now)
                self._finish(now)
            return
        if events := data.count(b"data: "):
            self._first(now)
            self._events += events
            monotonic = time.monotonic()
            for stamp in _STAMP.findall(data):
                late = monotonic - float(stamp)
                self._late = max(self._late, late)
                if self.outcome.late is not None:
                    self.outcome.late.append(late)
        self._tail = (self._tail + data)[-len(_END) :]
        if self._tail == _END:
            self._finish(now)

    def _first(self, now: float) -> None:
        if not self._events:
            self.outcome.first.append(now - self._began)

    def _finish(self, now: float) -> None:
        assert self._done is not None
        self.outcome.whole.append(now - self._began)
        self.outcome.events += self._events
        if self._events:
            self.outcome.latest.append(self._late)
        self._done.set_result(None)

    def _fail(self, what: str) -> None:
        assert self._done is not None
        self.outcome.errors += 1
        self.outcome.first_error = self.outcome.first_error or what
        self._done.set_result(None)


class Load:
    """The connections of this process, by port."""

    def __init__(self) -> None:
        self._clients: dict[int, list[Client]] = {}

    async def perform(self, work: Work) -> Outcome:
        outcome = Outcome(late=[] if work.every else None)
        clients = await self._connected(work, outcome)
        request = request_of(work)
        began = time.perf_counter()
        turns = iter(range(work.count))

        async def keep_asking(client: Client, wait: float) -> None:
            await asyncio.sleep(wait)
            for turn in turns:
                due = began + turn / work.rate if work.rate else 0.0
                if due:
                    await asyncio.sleep(max(0.0, due - time.perf_counter()))
                await client.ask(request, due)

        waits = [work.spread * place / len(clients) for place in range(len(clients))]
        await asyncio.gather(*map(keep_asking, clients, waits))
        outcome.seconds = time.perf_counter() - began
        return outcome

    async def _connected(self, work: Work, outcome: Outcome) -> list[Client]:
        alive = [client for client in self._clients.get(work.port, ()) if not client.transport.is_closing()]
        for client in alive:
            client.outcome = outcome
        loop = asyncio.get_running_loop()
        while len(alive) < work.connections:
            _, client = await loop.create_connection(lambda: Client(outcome), "127.0.0.1", work.port)
            alive.append(client)
        self._clients[work.port] = alive
        return alive[: work.connections]


def request_of(work: Work) -> bytes:
    body = large_body(int(work.body[1:])) if work.body.startswith("@") else work.body.encode()
    lines = [f"{'POST' if body else 'GET'} {work.path} HTTP/1.1", f"Host: 127.0.0.1:{work.port}", "Accept: */*"]
    if work.key:
        lines.append(f"x-goog-api-key: {work.key}")
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    lines.append("User-Agent: bench/1.0")
    return "\r\n".join([*lines, "", ""]).encode() + body


def large_body(size: int) -> bytes:
    before, after = b'{"contents":[{"role":"user","parts":[{"inlineData":{"mimeType":"image/png","data":"', b'"}}]}]}'
    return before + b"iVBORw0K" * ((size - len(before) - len(after)) // 8) + after


async def main() -> None:
    load = Load()
    for line in iter(sys.stdin.readline, ""):  # nothing else happens between two works
        outcome = await load.perform(Work(**json.loads(line)))
        print(json.dumps(asdict(outcome)), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
