"""The ASGI application: the console by Django's own handler, everything else by the lean one."""

import os
import re
from collections.abc import Awaitable, Callable

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gateway_project.settings")
console = get_asgi_application()  # also sets Django up, which what follows needs

from django.conf import settings  # noqa: E402

from gateway_project import background, database_limits  # noqa: E402
from gateway_project.api_handler import ApiHandler  # noqa: E402
from gateway_project.dropping import forget_query  # noqa: E402
from gateway_project.server import stop_with_the_server  # noqa: E402

_SLASHES = re.compile("/{2,}")

api = ApiHandler(settings.API_HEARTBEAT_SECONDS)
database_limits.enforce()


async def application(scope: dict, receive: Callable[[], Awaitable[dict]], send: Callable) -> None:
    match scope["type"]:
        case "http":
            forget_query(send)
            if not background.is_running():
                # Under runserver, plain daphne and the like nobody else sees to it.
                stop_with_the_server(background.stop)
            await background.start()
            if "//" in scope["path"]:
                # Of a base URL that ends in a slash, joined by clients that do not look.
                scope = {**scope, "path": _SLASHES.sub("/", scope["path"])}
            await (console if is_console(scope["path"]) else api)(scope, receive, send)
        case "lifespan":
            await lifespan(receive, send)
        case "websocket":
            await receive()
            await send({"type": "websocket.close"})


def is_console(path: str) -> bool:
    return path == "/" or any(path == root or path.startswith(f"{root}/") for root in settings.CONSOLE_PATHS)


async def lifespan(receive: Callable[[], Awaitable[dict]], send: Callable) -> None:
    """Servers that know it (uvicorn, hypercorn) start and stop the loops themselves."""
    await receive()
    await background.start()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await background.stop()
    await send({"type": "lifespan.shutdown.complete"})
