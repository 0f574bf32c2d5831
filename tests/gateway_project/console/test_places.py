"""Limits that leave the machine to the calls: few console requests and one password hash at a time."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher

from gateway_project import asgi
from gateway_project.console import passwords
from gateway_project.console.sessions import SessionStore
from gateway_project.settings import security
from tests.asgi_client import Client


def test_passwords_are_hashed_one_at_a_time():
    hasher = passwords.OneAtATime()
    with ThreadPoolExecutor(2) as pool:
        with passwords._one:
            hashed = pool.submit(hasher.encode, "a password", "salt", 1)
            assert not hashed.done()

        assert hashed.result().startswith("pbkdf2_sha256$1$salt$")


def test_passwords_stored_before_stay_good():
    stored = PBKDF2PasswordHasher().encode("a password", "a salt of sufficient length")

    assert passwords.OneAtATime().verify("a password", stored)
    assert not passwords.OneAtATime().must_update(stored)
    assert security.PASSWORD_HASHERS == ["gateway_project.console.passwords.OneAtATime"]


@pytest.mark.django_db(transaction=True)
async def test_the_console_answers_four_requests_at_once(forgetful):
    client = Client()
    for _ in range(asgi.CONSOLE_PLACES):
        await asgi.places.acquire()
    waiting = client.start("GET", "/static/gateway_project/live.js")
    health = await client.get("/healthz")

    assert health.status == 200
    assert waiting.reply.status == 0
    for _ in range(asgi.CONSOLE_PLACES):
        asgi.places.release()
    assert (await waiting.end()).status == 200


@pytest.mark.django_db(transaction=True)
async def test_the_next_request_is_answered_when_an_answer_begins(forgetful):
    client = Client()
    for _ in range(3 * asgi.CONSOLE_PLACES):
        async with asyncio.timeout(60):
            assert (await client.get("/static/gateway_project/live.js")).status == 200

    assert not asgi.places.locked()


@pytest.mark.django_db(transaction=True)
async def test_one_place_is_kept_for_those_who_have_signed_in(forgetful):
    client, key = Client(), await sync_to_async(SessionStore()._get_new_session_key)()
    session = f"{settings.SESSION_COOKIE_NAME}={key}"
    page = "/static/gateway_project/live.js"
    for _ in range(asgi.CONSOLE_PLACES - 1):  # a crowd at the page that signs in
        await asgi.strangers_places.acquire()
        await asgi.places.acquire()

    waiting = client.start("GET", page)
    signed_in = await client.get(page, cookie=session)

    assert (signed_in.status, waiting.reply.status) == (200, 0)
    for _ in range(asgi.CONSOLE_PLACES - 1):
        asgi.places.release()
        asgi.strangers_places.release()
    assert (await waiting.end()).status == 200
