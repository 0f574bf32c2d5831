"""The application that the servers of these tests run."""

import asyncio
import os
import threading

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.live.serving.settings")
django.setup()

from django.conf import settings  # noqa: E402

from gateway_project.http.api_handler import ApiHandler  # noqa: E402
from gateway_project.server.abort import forget_query  # noqa: E402

handler = ApiHandler(settings.API_HEARTBEAT_SECONDS)


async def application(scope, receive, send):
    forget_query(send)
    if scope["path"] == "/never-waiting":
        return await never_waiting(receive, send)
    await handler(scope, receive, send)


async def never_waiting(receive, send):
    """An application that writes without end, until it is cancelled because its client disconnected."""
    writer = asyncio.current_task()

    async def watch():
        while (await receive())["type"] != "http.disconnect":
            pass
        writer.cancel()

    watching = asyncio.ensure_future(watch())
    await send({"type": "http.response.start", "status": 200, "headers": []})
    try:
        while True:
            await send({"type": "http.response.body", "body": b"x" * 1000, "more_body": True})
    finally:
        watching.cancel()
        print("closed never-waiting", threading.active_count(), flush=True)
