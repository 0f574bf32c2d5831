"""Operators at the console, and entries of the request log for them to read."""

from datetime import timedelta

from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from proxy_app.models import UsageRecord
from tests.factories import make_account

CALL = "c" * 32
LEDGER = "proxy_app_usagerecord_changelist"


def signed_in(user: User) -> Client:
    browser = Client(headers={"host": "localhost"})
    browser.force_login(user)
    return browser


def clerk(*rights: str) -> Client:
    user = User.objects.create_user("clerk", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=rights))
    return signed_in(user)


def page(name: str, *arguments: object) -> str:
    return reverse(f"admin:{name}", args=arguments)


def an_entry(request_id: str = CALL, **fields: object) -> UsageRecord:
    known = {"outcome": "succeeded", "status": 200, "model": "gemini-2.5-pro", "method": "generateContent"}
    return UsageRecord.objects.create(**{"request_id": request_id, **known, **fields})


def two_attempts() -> None:
    alice, bob = make_account("alice@example.com"), make_account("bob@example.com")
    began = timezone.now()
    an_entry(
        account=alice, account_label=alice.email, outcome="rate_limited", status=429, at=began, duration_ms=200,
        message="Quota of alice@example.com for projects/secret-project-1 is used up", why="its conversation",
        endpoint="https://cloudcode-pa.googleapis.com", upstream_model="gemini-2.5-pro",
    )  # fmt: skip
    an_entry(
        account=bob, account_label=bob.email, attempt=2, at=began + timedelta(seconds=1), duration_ms=800,
        first_event_ms=300, delivered=True, total_tokens=42, prompt_tokens=40, upstream_model="gemini-2.5-pro",
        endpoint="https://user:hunter2@proxy.example/path",
    )  # fmt: skip
