"""Messages to webhooks: every one is recorded, and those to this machine are sent too."""

from __future__ import annotations

import contextlib
import http.client
import threading
from urllib.parse import urlsplit

from emulator.state.projects import Project
from emulator.state.resources.interactions.related.webhooks import Delivery, Webhooks
from emulator.wire.replies import Json

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_TIMEOUT = 5.0


def announce(project: Project, event: str, data: Json, now: float) -> None:
    """Tells a project's webhooks of something that has happened in it."""
    webhooks = project.related.webhooks
    for webhook in webhooks.listening(event):
        deliver(webhooks, webhook.message(event, data, now))


def deliver(webhooks: Webhooks, delivery: Delivery) -> None:
    """Once, in a thread of its own; nobody waits for it, and what is not taken is not sent again."""
    webhooks.record(delivery)
    if delivery.uri.startswith("http://") and is_loopback(delivery.uri):
        threading.Thread(target=_post, args=(delivery,), daemon=True).start()


def is_loopback(uri: str) -> bool:
    return urlsplit(uri).hostname in _LOOPBACK


def _post(delivery: Delivery) -> None:
    split = urlsplit(delivery.uri)
    target = f"{split.path or '/'}?{split.query}" if split.query else split.path or "/"
    with contextlib.suppress(OSError, http.client.HTTPException):
        connection = http.client.HTTPConnection(split.hostname or "", split.port or 80, timeout=_TIMEOUT)
        with contextlib.closing(connection):
            connection.request("POST", target, delivery.body, delivery.headers)
            connection.getresponse().read()
