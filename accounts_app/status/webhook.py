"""Sends the inbox to an operator's webhook: each item once for all nodes, repeated until it is accepted.

The body is JSON: `text`, one sentence, as chats read it; `kind` (account, check), `reason`, `account`, `detail`,
`console` (a path of the console), `since`, `key` (the event's name), `gateway`. Google's links are left out: they may
let anyone act who has them.
"""

import asyncio
import logging
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx
import msgspec
from django.conf import settings
from django.utils import timezone, translation

from accounts_app import http_client
from accounts_app.models import GatewaySettings, Notice
from accounts_app.status import inbox
from accounts_app.status.inbox import Item
from accounts_app.storage.worker import in_database

log = logging.getLogger(__name__)

AT_ONCE = 20  # events in one round, also when an outage takes a hundred accounts out of service
TIMEOUT_SECONDS = 10.0  # seconds for the webhook to answer
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=30), timedelta(hours=1)
MOST_TRIES = 30  # a day and more
# Checks differ between nodes: a warning is over when no node has reported it for this long.
REPORTED_WITHIN = timedelta(hours=6)
_LINK = re.compile(r"\w+://\S+")


@dataclass(frozen=True, slots=True)
class Due:
    notice: int
    content: dict[str, Any]


async def send_due() -> None:
    """Send what is due. Raises Django's database errors."""
    now = timezone.now()
    address, due = await in_database(claim_due, now)
    if not due:
        return
    sent = await asyncio.gather(*(_sent(address, one.content) for one in due))
    through = [one.notice for one, ok in zip(due, sent, strict=True) if ok]
    await in_database(Notice.objects.filter(pk__in=through).update, told_at=now)


def claim_due(now: datetime) -> tuple[str, list[Due]]:
    """The webhook's URL, and the events that this node has to send now. Without a webhook there are none.

    A node claims an event by moving its `next_try_at`; if that node dies, another one tries after that time.
    """
    address = GatewaySettings.load().webhook_url
    if not address:
        return "", []
    _sync_notices(now)
    due = []
    for notice in Notice.objects.filter(told_at=None, tries__lt=MOST_TRIES, next_try_at__lte=now)[:AT_ONCE]:
        pause = min(FIRST_PAUSE * 2 ** min(notice.tries, 10), LONGEST_PAUSE)
        unclaimed = Notice.objects.filter(pk=notice.pk, next_try_at=notice.next_try_at)
        if unclaimed.update(tries=notice.tries + 1, next_try_at=now + pause):
            due.append(Due(notice.pk, notice.content))
    return address, due


def _sync_notices(now: datetime) -> None:
    """Add a notice for each new item of the inbox, and delete those of items that are resolved."""
    items = {item.key: item for item in (*inbox.about_accounts(), *inbox.about_settings())}
    known = dict(Notice.objects.values_list("key", "pk"))
    said = [key for key in items.keys() & known.keys() if items[key].account is None]
    Notice.objects.filter(key__in=said, since__lt=now - REPORTED_WITHIN / 6).update(since=now)
    over = [pk for key, pk in known.items() if key not in items and not key.startswith("check:")]
    Notice.objects.filter(pk__in=over).delete()
    Notice.objects.filter(key__startswith="check:", since__lt=now - REPORTED_WITHIN).delete()
    new = [Notice(key=key, content=content(items[key]), since=items[key].since or now, next_try_at=now)
           for key in items.keys() - known.keys()]  # fmt: skip
    Notice.objects.bulk_create(new, ignore_conflicts=True)


def content(item: Item) -> dict[str, Any]:
    """An event as JSON, in English."""
    with translation.override(settings.LANGUAGE_CODE):
        about = f"{item.email}: {item.title}" if item.email else str(item.title)
        is_page = item.action is not None and not item.action.elsewhere
        return {
            "text": _LINK.sub("…", f"{about}. {item.remedy}".replace("..", ".")),
            "kind": "check" if item.account is None else "account",
            "reason": item.reason,
            "account": item.email,
            "detail": _LINK.sub("…", item.detail),
            "console": settings.GATEWAY_PATH_PREFIX + (item.action.url if item.action and is_page else "/admin/inbox/"),
            "since": item.since.isoformat() if item.since else None,
            "key": item.key,
            "gateway": settings.USER_AGENT,
        }


async def _sent(address: str, body: dict[str, Any]) -> bool:
    try:
        request = http_client.request(
            "POST",
            address,
            {"Content-Type": "application/json"},
            msgspec.json.encode(body),
            read_timeout=TIMEOUT_SECONDS,
        )
        response = await http_client.client().send(request)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        log.warning("The webhook cannot be reached: %s", type(error).__name__)  # its address may be a secret
        return False
    if not 200 <= response.status_code < 300:
        log.warning("The webhook answers with status %d.", response.status_code)
        return False
    return True
