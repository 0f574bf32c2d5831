"""The webhook gets what the inbox shows: once, from one node, retried until it arrives, and no secrets."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.utils import timezone

from accounts_app import http_client
from accounts_app.models import Account, GatewaySettings, Notice, encryption
from accounts_app.status import inbox, webhook
from accounts_app.storage import worker
from accounts_app.storage.worker import in_database
from tests.accounts_app.http_client.sockets import head, serving
from tests.factories import make_account

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("forgetful")]
LINK = "https://accounts.google.example/verify?plt=secret"


@dataclass(slots=True)
class Hook:
    """The bodies it got, and the statuses it answers with; 200 when they are used up."""

    address: str = ""
    bodies: list[dict[str, Any]] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)

    async def play(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = (await head(reader)).decode().lower()
        length = int(asked.split("content-length: ")[1].split("\r")[0])
        self.bodies.append(json.loads(await reader.readexactly(length)))
        status = self.statuses.pop(0) if self.statuses else 200
        writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        writer.close()


@pytest.fixture
async def hook(monkeypatch) -> AsyncIterator[Hook]:
    """An operator's webhook; there are no configuration warnings."""
    monkeypatch.setattr(inbox.checks, "CHECKS", ())
    cache.clear()
    it = Hook()
    async with serving(it.play) as it.address:
        await in_database(GatewaySettings.objects.update_or_create, pk=1, defaults={"webhook_url": it.address})
        yield it
        await http_client.close_all()
    worker.shutdown()


async def take_out(email: str = "alice@example.com", reason: str = "verify") -> Account:
    account = await in_database(make_account, email)
    told = {"parked_link": LINK, "parked_message": f"Go to {LINK} now."}
    await Account.objects.filter(pk=account.pk).aupdate(parked=reason, parked_at=timezone.now(), **told)
    return account


async def be_due() -> None:
    await Notice.objects.aupdate(next_try_at=timezone.now() - timedelta(seconds=1))


async def test_an_event_is_sent_once(hook: Hook):
    account = await take_out()

    await webhook.send_due()
    await be_due()
    await webhook.send_due()

    (body,) = hook.bodies
    assert body["text"].startswith("alice@example.com: Google wants the account verified.")
    assert (body["kind"], body["reason"], body["account"]) == ("account", "verify", "alice@example.com")
    assert body["console"] == "/admin/inbox/"
    assert body["key"].startswith(f"account:{account.pk}:verify:")


async def test_no_link_that_is_good_for_its_holder_is_sent(hook: Hook):
    await take_out()

    await webhook.send_due()

    assert "secret" not in json.dumps(hook.bodies)
    assert hook.bodies[0]["detail"] == "Go to … now."


async def test_what_did_not_get_through_is_tried_again_later(hook: Hook):
    await take_out()
    hook.statuses = [500]

    await webhook.send_due()
    await webhook.send_due()
    at_first = len(hook.bodies)
    await be_due()
    await webhook.send_due()

    assert (at_first, len(hook.bodies)) == (1, 2)
    assert (await Notice.objects.aget()).told_at is not None


async def test_a_webhook_that_does_not_answer_raises_nothing(hook: Hook):
    await GatewaySettings.objects.aupdate(webhook_url="http://127.0.0.1:9/")
    await take_out()

    await webhook.send_due()

    notice = await Notice.objects.aget()
    assert (notice.told_at, notice.tries) == (None, 1)
    assert notice.next_try_at > timezone.now()


async def test_of_two_nodes_one_sends(hook: Hook):
    await take_out()

    now = timezone.now()
    claims = [await in_database(webhook.claim_due, now) for _ in range(2)]

    assert [len(due) for _, due in claims] == [1, 0]


async def test_the_same_account_taken_out_again_is_another_event(hook: Hook):
    account = await take_out()
    await webhook.send_due()
    await Account.objects.filter(pk=account.pk).aupdate(parked="")
    await webhook.send_due()
    result = await Notice.objects.acount()

    await Account.objects.filter(pk=account.pk).aupdate(parked="verify", parked_at=timezone.now())
    await webhook.send_due()

    assert (result, len(hook.bodies)) == (0, 2)


async def test_a_warning_that_only_one_node_has_is_sent_once(hook: Hook, monkeypatch):
    a_check = inbox.Item(key="check:gateway.W008", reason="gateway.W008", title="It is open.", detail="", action=None)
    monkeypatch.setattr(inbox, "about_settings", lambda: [a_check])
    await webhook.send_due()
    monkeypatch.setattr(inbox, "about_settings", list)
    await webhook.send_due()
    monkeypatch.setattr(inbox, "about_settings", lambda: [a_check])
    await webhook.send_due()

    assert [body["reason"] for body in hook.bodies] == ["gateway.W008"]


async def test_without_a_webhook_nothing_is_written(hook: Hook):
    await GatewaySettings.objects.aupdate(webhook_url="")
    await take_out()

    await webhook.send_due()

    assert not hook.bodies
    assert not await Notice.objects.aexists()


async def test_a_webhook_that_cannot_be_read_is_no_webhook(hook: Hook, settings):
    settings.GATEWAY_ENCRYPTION_KEYS = [encryption.new_key()]

    await webhook.send_due()

    assert not hook.bodies
