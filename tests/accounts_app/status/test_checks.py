"""Configuration warnings."""

import pytest

from accounts_app.actions import accounts
from accounts_app.models import GatewaySettings
from accounts_app.models.encryption import new_key
from accounts_app.status.checks import check_gateway

pytestmark = pytest.mark.django_db


def told() -> list[str]:
    return [message.id for message in check_gateway()]


@pytest.fixture(autouse=True)
def well_configured(settings, tmp_path):
    tmp_path.chmod(0o700)
    settings.GATEWAY_DATA_DIR = tmp_path
    settings.GATEWAY_ENCRYPTION_KEYS_GIVEN = True


def connect_alice() -> None:
    accounts.connect(accounts.NewAccount(email="alice@example.com", refresh_token="1//alice"))


def test_the_defaults_are_fine():
    assert told() == []


def test_every_message_has_a_hint(settings):
    settings.GATEWAY_ENCRYPTION_KEYS = []
    settings.GATEWAY_HOST = "0.0.0.0"
    settings.DEBUG = True
    settings.GEMINI_API_URL = "http://upstream.example"
    GatewaySettings.objects.create(auth_mode="off")

    assert all(message.hint for message in check_gateway())
    assert told() == ["gateway.E001", "gateway.W001", "gateway.W007", "gateway.W009", "gateway.W010"]


@pytest.mark.parametrize(
    ("mode", "host", "expected"),
    [
        ("off", "0.0.0.0", True),
        ("off", "127.0.0.1", False),
        ("auto", "0.0.0.0", False),
        ("strict", "0.0.0.0", False),
    ],
)
def test_an_open_gateway_on_the_network_gives_a_warning(settings, mode, host, expected):
    GatewaySettings.objects.create(auth_mode=mode)
    settings.GATEWAY_HOST = host

    assert ("gateway.W001" in told()) is expected


def test_an_open_gateway_behind_a_proxy_gives_a_warning(settings):
    settings.GATEWAY_TRUSTED_PROXIES = ["10.0.0.1"]

    assert told() == ["gateway.W002"]


def test_an_open_gateway_for_every_page_gives_a_warning(settings):
    settings.GATEWAY_CORS_ORIGINS = ["*"]

    assert told() == ["gateway.W003"]


def test_keys_that_other_nodes_do_not_have_give_a_warning(settings, monkeypatch):
    monkeypatch.setitem(settings.DATABASES["default"], "ENGINE", "django.db.backends.postgresql")
    settings.GATEWAY_ENCRYPTION_KEYS_GIVEN = False

    assert told() == ["gateway.W004"]


def test_secrets_that_cannot_be_read_give_a_warning(settings):
    connect_alice()
    settings.GOOGLE_OAUTH_CLIENT_ID = "client"
    settings.GATEWAY_ENCRYPTION_KEYS = [new_key()]

    assert told() == ["gateway.W005"]


def test_one_secret_that_cannot_be_read_gives_a_warning_though_others_can(settings):
    settings.GOOGLE_OAUTH_CLIENT_ID = "client"
    connect_alice()
    settings.GATEWAY_ENCRYPTION_KEYS = [new_key()]
    accounts.connect(accounts.NewAccount(email="bob@example.com", refresh_token="1//bob"))

    assert told() == ["gateway.W005"]


def test_accounts_without_an_oauth_client_give_a_warning():
    connect_alice()

    assert told() == ["gateway.W006"]


def test_the_demo_account_needs_no_oauth_client():
    accounts.ensure_demo()

    assert told() == []


def test_an_upstream_in_the_clear_gives_a_warning_unless_it_is_here(settings):
    settings.CLOUD_CODE_URLS = ("http://127.0.0.1:9", "http://upstream.example")

    assert told() == ["gateway.W007"]


def test_a_data_directory_open_to_others_gives_a_warning(settings, tmp_path):
    tmp_path.chmod(0o755)

    assert told() == ["gateway.W008"]
