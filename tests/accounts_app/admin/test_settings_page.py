"""The settings page: what may change while the gateway runs, and that none of its secrets is shown again."""

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client

from accounts_app import roster
from accounts_app.models import GatewaySettings, encryption

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("forgetful")]
PAGE = "/admin/accounts_app/gatewaysettings/1/change/"
WEBHOOK = "https://hooks.example.com/very-secret"


@pytest.fixture
def operator() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("olga"))
    client.get("/admin/accounts_app/gatewaysettings/")
    return client


def a_form(**fields: Any) -> dict[str, Any]:
    return {
        "auth_mode": "auto", "strategy": "consistent_hash", "quota_protection": "0", "capture_days": "7",
        "system_instruction_prefix": "", "keep_days": "90", "keep_rows": "",
    } | fields  # fmt: skip


def test_waits_are_set_and_given_back_to_the_environment(operator: Client, settings):
    assert f"{settings.GATEWAY_MAX_ATTEMPTS} (environment)" in operator.get(PAGE).content.decode()

    operator.post(PAGE, a_form(max_attempts="7", max_wait="2.5"))
    set_to = roster.load_now().settings
    operator.post(PAGE, a_form())
    empty = roster.load_now().settings

    assert (set_to.max_attempts, set_to.max_wait, set_to.idle_timeout) == (7, 2.5, None)
    assert (empty.max_attempts, empty.max_wait) == (None, None)


@pytest.mark.parametrize(
    "nonsense",
    [{"max_attempts": "0"}, {"max_wait": "-1"}, {"first_event_timeout": "0"}, {"keep_rows": "1"}, {"keep_days": "0"},
     {"webhook": "ftp://example.com"}, {"webhook": "hooks.example.com"}],
)  # fmt: skip
def test_nonsense_is_refused(operator: Client, nonsense: dict[str, str]):
    answer = operator.post(PAGE, a_form(**nonsense))

    assert answer.status_code == 200
    assert GatewaySettings.load().max_attempts is None


def test_the_webhook_is_kept_encrypted_and_never_shown(operator: Client):
    operator.post(PAGE, a_form(webhook=WEBHOOK))
    kept = operator.get(PAGE).content.decode()
    operator.post(PAGE, a_form(max_attempts="2"))
    still = GatewaySettings.objects.get().webhook_url
    operator.post(PAGE, a_form(webhook="-"))

    assert "One is set." in kept
    assert WEBHOOK not in kept
    assert still == WEBHOOK
    assert GatewaySettings.objects.get().webhook_url == ""
    assert WEBHOOK not in str(list(LogEntry.objects.values_list("change_message", flat=True)))


def test_without_its_key_the_webhook_alone_cannot_be_read(operator: Client, settings):
    operator.post(PAGE, a_form(webhook=WEBHOOK))
    settings.GATEWAY_ENCRYPTION_KEYS = [encryption.new_key()]

    assert GatewaySettings.load().strategy == "consistent_hash"
    assert operator.get(PAGE).status_code == 200
    assert isinstance(GatewaySettings.load().webhook_url, encryption.Unreadable)
