"""The application's front door: who answers which path, and what is not HTTP."""

import time
import uuid

import pytest

from gateway_project import background
from gateway_project.asgi import application, is_console
from gateway_project.request_ids import new_request_id


@pytest.mark.parametrize("path", ["/", "/admin", "/admin/", "/admin/accounts_app/", "/static/a.css", "/i18n/setlang/"])
def test_the_console_has_its_paths(path):
    assert is_console(path)


@pytest.mark.parametrize("path", ["/v1beta/models", "/healthz", "/administrator", "/statics", "/favicon.ico", "//"])
def test_every_other_path_is_the_apis(path):
    assert not is_console(path)


async def test_a_websocket_is_closed():
    sent = await run({"type": "websocket", "path": "/"}, {"type": "websocket.connect"})

    assert sent == [{"type": "websocket.close"}]


@pytest.mark.django_db(transaction=True)
async def test_servers_with_a_lifespan_start_and_stop_the_loops(forgetful):
    sent = await run({"type": "lifespan"}, {"type": "lifespan.startup"}, {"type": "lifespan.shutdown"})

    assert [message["type"] for message in sent] == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert background._background is None


async def run(scope, *messages):
    """What the application sends when it receives `messages`."""
    left, sent = list(messages), []

    async def receive():
        return left.pop(0)

    async def send(message):
        sent.append(message)

    await application(scope, receive, send)
    return sent


def test_request_ids_sort_by_time():
    ids = []
    for _ in range(5):
        ids.append(uuid.UUID(new_request_id()))
        time.sleep(0.002)

    assert ids == sorted(ids)
    assert {(each.version, each.variant) for each in ids} == {(7, uuid.RFC_4122)}
