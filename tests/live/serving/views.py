"""Views that stream, hang and fail; each prints a line when its `finally` has run."""

import asyncio
import resource
import threading
import time

from asgiref.sync import SyncToAsync
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, JsonResponse, StreamingHttpResponse
from django.urls import path

# The server's buffers, set by `__main__`; None under other servers.
buffers = None
hops = 0
written = 0


def count_hops():
    """Counts calls that asgiref runs in threads."""
    original = SyncToAsync.__call__

    def counted(self, *args, **kwargs):
        global hops
        hops += 1
        return original(self, *args, **kwargs)

    SyncToAsync.__call__ = counted


count_hops()


class Expected(Exception):
    expected = True


def tell(what):
    print(f"closed {what} {time.monotonic()}", flush=True)


def event_stream(content, heartbeat=b""):
    response = StreamingHttpResponse(content, content_type="text/event-stream")
    response.heartbeat = heartbeat
    return response


async def state(request):
    return JsonResponse(
        {
            "hops": hops,
            "threads": threading.active_count(),
            "written": written,
            "rss": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
            "client": request.META["REMOTE_ADDR"],
            "scheme": request.scheme,
            "root_path": request.META["SCRIPT_NAME"],
            "buffered": buffers.taken if buffers else None,
        }
    )


async def size(request):
    return JsonResponse({"size": len(await request.whole_body()), "id": request.request_id})


async def unread(request):
    """Refuses without reading the body."""
    return JsonResponse({"error": {"code": 401}}, status=401)


async def pieces(request):
    """Reads the body piece by piece, the first one after `wait` seconds."""
    await asyncio.sleep(float(request.GET.get("wait", 0)))
    sizes = [len(piece) async for piece in request.content]
    return JsonResponse({"size": sum(sizes), "pieces": len(sizes), "largest": max(sizes, default=0)})


async def stream(request):
    """`n` events, `gap` seconds between, the first after `wait` seconds."""
    number, gap = int(request.GET.get("n", 3)), float(request.GET.get("gap", 0))
    wait = float(request.GET.get("wait", 0))
    await request.whole_body()

    async def events():
        try:
            print("inside", flush=True)
            await asyncio.sleep(wait)
            for index in range(number):
                yield f"data: {index}\r\n\r\n".encode()
                await asyncio.sleep(gap)
        finally:
            tell("stream")

    return event_stream(events(), request.GET.get("heartbeat", "").encode())


async def steady(request):
    """Forty events, 20 ms apart; the last one has the longest time that was between two."""

    async def events():
        longest, last = 0.0, time.monotonic()
        for _ in range(40):
            await asyncio.sleep(0.02)
            longest, last = max(longest, time.monotonic() - last), time.monotonic()
            yield b"data: tick\r\n\r\n"
        yield f"{longest}".encode()

    return event_stream(events(), b"beat")


async def stubborn(request):
    """A stream whose clean-up takes 0.2 s, as closing an upstream may."""

    async def events():
        try:
            yield b"data: 0\r\n\r\n"
            await asyncio.sleep(3600)
        finally:
            await asyncio.sleep(0.2)
            tell("stubborn")

    return event_stream(events())


async def slow(request):
    try:
        print("inside", flush=True)
        await asyncio.sleep(float(request.GET.get("wait", 3600)))
        return HttpResponse("done")
    finally:
        tell("slow")


async def torrent(request):
    """100 MB, faster than a client can read."""

    async def pieces():
        global written
        try:
            for _ in range(1600):
                yield b"x" * 65536
                written += 65536
        finally:
            tell("torrent")

    return event_stream(pieces())


async def large(request):
    return HttpResponse(b"x" * 8_000_000)


async def broken(request):
    async def events():
        yield b"data: 0\r\n\r\n"
        yield b'data: {"error":{"code":500}}\r\n\r\n'
        raise Expected

    return event_stream(events())


async def raises(request):
    raise ValueError("secret detail")


async def forbidden(request):
    raise PermissionDenied


async def status(request, code):
    return HttpResponse(b"{}", status=code)


async def descriptors(request):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return JsonResponse({"soft": soft, "hard": hard})


urlpatterns = [
    path("status/<int:code>", status),
    path("descriptors", descriptors),
    path("state", state),
    path("size", size),
    path("unread", unread),
    path("pieces", pieces),
    path("stream", stream),
    path("steady", steady),
    path("stubborn", stubborn),
    path("slow", slow),
    path("torrent", torrent),
    path("large", large),
    path("broken", broken),
    path("raises", raises),
    path("forbidden", forbidden),
]
