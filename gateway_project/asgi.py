"""The ASGI application: the console by Django's own handler, everything else by the lean one."""

import asyncio
import os
import re
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from typing import Any
from urllib.parse import unquote_to_bytes

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gateway_project.settings")
pages = get_asgi_application()  # also sets Django up, which what follows needs

from django.conf import settings  # noqa: E402
from django.http import parse_cookie  # noqa: E402

from gateway_project.background import database_limits, loops  # noqa: E402
from gateway_project.console import sessions  # noqa: E402
from gateway_project.http.api_handler import ApiHandler  # noqa: E402
from gateway_project.messages import prefix  # noqa: E402
from gateway_project.server.abort import forget_query  # noqa: E402
from gateway_project.server.server import stop_with_the_server  # noqa: E402
from proxy_app.ledger import refused_calls  # noqa: E402

_SLASHES = re.compile("/{2,}")
# Requests of the console that are being answered at once, each in a thread of its own.
CONSOLE_PLACES = 4
CONSOLE = tuple(f"{root}/" for root in settings.CONSOLE_PATHS)
# What the console takes of somebody who has not signed in.
STRANGERS_BODY = 1024 * 1024

api = ApiHandler(settings.API_HEARTBEAT_SECONDS, refused_calls.unread)
places = asyncio.Semaphore(CONSOLE_PLACES)
# One place is kept for those who have signed in, however many knock at the page that signs them in.
strangers_places = asyncio.Semaphore(CONSOLE_PLACES - 1)
database_limits.enforce()


async def application(scope: dict, receive: Callable[[], Awaitable[dict]], send: Callable) -> None:
    match scope["type"]:
        case "http":
            forget_query(send)
            if not loops.is_running():
                # Under runserver, plain daphne and the like nobody else sees to it.
                stop_with_the_server(loops.stop)
            await loops.start()
            if "//" in scope["path"]:
                # Of a base URL that ends in a slash, joined by clients that do not look.
                scope = {**scope, "path": _SLASHES.sub("/", scope["path"])}
            under = prefix.of(scope, settings.GATEWAY_PATH_PREFIX)
            path = prefix.without(under, scope["path"])
            if is_console(path):
                await console({**scope, "path": under + path, "root_path": under}, receive, send)
            elif under:
                await api({**scope, "path": path, "root_path": "", "prefix": under}, receive, send)
            else:
                await api(scope, receive, send)
        case "lifespan":
            await lifespan(receive, send)
        case "websocket":
            await receive()
            await send({"type": "websocket.close"})


async def console(scope: dict, receive: Callable[[], Awaitable[dict]], send: Callable) -> None:
    """A page, in one of the console's places until its answer begins: whoever reads slowly keeps nobody waiting."""
    async with AsyncExitStack() as place:
        if not _has_signed_in(scope):
            await place.enter_async_context(strangers_places)
        await place.enter_async_context(places)

        async def answer(message: Mapping[str, Any]) -> None:
            await place.aclose()
            await send(message)

        await pages(scope, receive, answer)


def _has_signed_in(scope: dict) -> bool:
    """Whether a request has the cookie of a session that was issued here, still valid or not."""
    written = b"; ".join(value for name, value in scope["headers"] if name == b"cookie").decode("latin-1")
    return sessions.is_issued(parse_cookie(written).get(settings.SESSION_COOKIE_NAME, ""))


def is_console(path: str) -> bool:
    return path == "/" or f"{path}/".startswith(CONSOLE)


def body_limit(path: bytes, cookies: Mapping[bytes, bytes]) -> int | None:
    """How large a body may be for the console, in bytes; `path` is as it came. None for the API, which sees to it."""
    # Under whatever prefix, which only a trusted proxy may set: this is not yet the place to find out.
    written = unquote_to_bytes(path).decode(errors="replace").rstrip("/") + "/"
    if written != "/" and not any(root in written for root in CONSOLE):
        return None
    key = cookies.get(settings.SESSION_COOKIE_NAME.encode(), b"").decode("latin-1")
    limit: int = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    return limit if sessions.is_issued(key) else min(limit, STRANGERS_BODY)


async def lifespan(receive: Callable[[], Awaitable[dict]], send: Callable) -> None:
    """Servers that know it (uvicorn, hypercorn) start and stop the loops themselves."""
    await receive()
    await loops.start()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await loops.stop()
    await send({"type": "lifespan.shutdown.complete"})
