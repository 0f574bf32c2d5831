"""The path under which a reverse proxy serves the gateway: GATEWAY_PATH_PREFIX, or X-Forwarded-Prefix of a trusted one.

Proxies pass a request on with the prefix or without it; both work.
"""

from typing import Any

from django.contrib.staticfiles.storage import StaticFilesStorage
from django.urls import get_script_prefix

from gateway_project.settings.environment import is_path_prefix


def of(scope: dict[str, Any], configured: str) -> str:
    """The prefix of an ASGI request, "" for none; the server has set `root_path` from a trusted proxy's header."""
    forwarded: str = scope.get("root_path", "")
    return forwarded if is_path_prefix(forwarded) else configured


def without(prefix: str, path: str) -> str:
    """`path` as the gateway's own routes have it."""
    if not prefix or not (path == prefix or path.startswith(f"{prefix}/")):
        return path
    return path.removeprefix(prefix) or "/"


class StaticFiles(StaticFilesStorage):
    """Files whose URLs have the prefix of the request that shows them."""

    def url(self, name: str | None) -> str:
        return get_script_prefix().rstrip("/") + super().url(name)
