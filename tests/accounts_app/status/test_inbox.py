"""The page of items that need attention: each with its action, shown to those with the right, and their count."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone

from accounts_app import roster
from accounts_app.models import Account
from accounts_app.status import inbox
from tests.factories import make_account

INBOX = "/admin/inbox/"
VERIFY = "https://accounts.google.example/verify?plt=secret"


def take_out(email: str, reason: str, *, link: str = "", message: str = "Upstream says so.") -> Account:
    account = make_account(email)
    Account.objects.filter(pk=account.pk).update(
        parked=reason, parked_link=link, parked_message=message, parked_at=timezone.now()
    )
    account.refresh_from_db()
    return account


def client_of(**columns: Any) -> Client:
    client = Client()
    client.force_login(User.objects.create_user("olga", is_staff=True, **columns))
    return client


@pytest.fixture
def operator() -> Client:
    return client_of(is_superuser=True)


@pytest.mark.django_db
@pytest.mark.usefixtures("forgetful")
class TestPage:
    @pytest.mark.parametrize(
        ("reason", "link", "leads_to"),
        [
            ("sign_in", "", "/admin/accounts_app/account/{}/sign-in"),
            ("verify", VERIFY, VERIFY),
            ("terms", "https://forms.google.example/appeal", "https://forms.google.example/appeal"),
            ("subscription", "", "/admin/accounts_app/account/{}/change/"),
            ("service_disabled", "https://console.google.example/x", "https://console.google.example/x"),
            ("misconfigured", "", "/admin/accounts_app/account/{}/change/"),
            ("verify", "javascript:alert(1)", "/admin/accounts_app/account/{}/change/"),
        ],
    )
    def test_each_has_its_one_action(self, operator: Client, reason: str, link: str, leads_to: str):
        account = take_out("alice@example.com", reason, link=link)

        (item,) = inbox.about_accounts()
        page = operator.get(INBOX).content.decode()

        assert item.action.url.startswith(leads_to.format(account.pk))
        assert "alice@example.com" in page
        assert "Upstream says so." in page
        assert f'href="{leads_to.format(account.pk)}' in page
        assert "javascript:" not in page.split("ib-page")[1]

    def test_accounts_disabled_by_hand_are_not_in_it(self, operator: Client):
        take_out("alice@example.com", "by_hand")
        disabled = take_out("bob@example.com", "verify")
        Account.objects.filter(pk=disabled.pk).update(enabled=False)

        assert not inbox.about_accounts()
        assert "example.com" not in operator.get(INBOX).content.decode()

    def test_configuration_warnings_are_in_it(self, operator: Client, settings):
        settings.GATEWAY_CORS_ORIGINS = ["*"]

        page = operator.get(INBOX).content.decode()

        assert "Any web page may call the gateway" in page
        assert 'href="/admin/accounts_app/gatewaysettings/"' in page

    def test_it_is_counted_beside_its_name_on_every_page(self, operator: Client):
        take_out("alice@example.com", "verify")
        take_out("bob@example.com", "sign_in")
        waiting = 2 + len(inbox.about_settings())

        page = operator.get("/admin/accounts_app/rest/").content.decode()

        assert f">{waiting}</span>" in page.split("Inbox</span>")[1].split("</a>")[0]

    def test_nothing_is_counted_when_nothing_waits(self, operator: Client, monkeypatch):
        monkeypatch.setattr(inbox.checks, "CHECKS", ())

        page = operator.get(INBOX).content.decode()

        assert "No action required." in page
        assert "</span>" not in page.split("Inbox</span>")[1].split("</a>")[0]

    def test_the_overview_shows_it_first(self, operator: Client, monkeypatch):
        monkeypatch.setattr(inbox.checks, "CHECKS", ())
        for number in range(6):
            take_out(f"a{number}@example.com", "sign_in")
        roster.load_now()

        html = operator.get("/admin/overview/").json()["html"]["inbox"]

        assert "6 items need attention" in html
        assert "and 2 more" in html

    def test_a_resolved_account_is_re_enabled_from_it(self, operator: Client):
        account = take_out("alice@example.com", "verify", link=VERIFY)
        page = operator.get(INBOX).content.decode()

        assert f'action="/admin/accounts_app/account/{account.pk}/do/re_enable/"' in page
        operator.post(f"/admin/accounts_app/account/{account.pk}/do/re_enable/")
        assert not inbox.about_accounts()

    def test_staff_see_what_they_have_the_right_to(self, settings):
        settings.GATEWAY_CORS_ORIGINS = ["*"]
        take_out("alice@example.com", "verify", link=VERIFY)
        nobody = client_of()
        overview = nobody.get("/admin/").content.decode()
        viewer = Client()
        viewer.force_login(User.objects.create_user("sam", is_staff=True))
        User.objects.get(username="sam").user_permissions.add(Permission.objects.get(codename="view_account"))

        page = viewer.get(INBOX).content.decode()

        assert nobody.get(INBOX).status_code == 403
        assert "alice@example.com" not in overview
        assert VERIFY not in overview
        assert "alice@example.com" in page
        assert "Any web page" not in page
        assert "/do/re_enable/" not in page
