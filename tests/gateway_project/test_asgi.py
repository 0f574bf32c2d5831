"""The ASGI application: the console's and the API's paths, and what is not HTTP."""

import time
import uuid

import pytest
from django.contrib.auth.models import User
from django.test import Client as Browser

from gateway_project.asgi import application, body_limit, is_console
from gateway_project.background import loops
from gateway_project.messages.request_ids import new_request_id


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
    assert loops._background is None


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


@pytest.mark.parametrize(
    ("path", "is_stranger_limited"),
    [
        (b"/", True),
        (b"/admin/login/", True),
        (b"/admin", True),
        (b"//admin/login/", True),
        (b"/%61dmin/login/", True),
        (b"/i18n/setlang/", True),
        (b"/static/x", True),
        (b"/gemini/admin/login/", True),
        (b"http://127.0.0.1/admin/login/", True),
        (b"/v1beta/models/gemini-2.5-flash:generateContent", False),
        (b"/administrator", False),
        (b"/usage", False),
    ],
)
def test_the_console_takes_a_megabyte_before_sign_in(path, is_stranger_limited, settings):
    cookie = settings.SESSION_COOKIE_NAME.encode()

    for cookies in ({}, {cookie: b"x" * 40}, {cookie: b""}, {cookie: b"\xff"}, {b"other": b"y"}):
        assert body_limit(path, cookies) == (1024 * 1024 if is_stranger_limited else None)


@pytest.mark.django_db
def test_the_console_takes_more_after_sign_in(settings):
    client = Browser()
    client.force_login(User.objects.create_user("anna"))

    key = client.cookies[settings.SESSION_COOKIE_NAME].value

    assert len(key) == 40
    assert body_limit(b"/admin/", {settings.SESSION_COOKIE_NAME.encode(): key.encode()}) > 1024 * 1024
    assert body_limit(b"/admin/", {settings.SESSION_COOKIE_NAME.encode(): key[:-1].encode() + b"!"}) == 1024 * 1024
