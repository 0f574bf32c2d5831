"""The page “Account eligibility”, from the memory of the process that serves it."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from accounts_app import leasing, roster
from accounts_app.actions import accounts
from accounts_app.leasing import Status
from accounts_app.models import Account, GatewaySettings, ModelRoute, Rest
from accounts_app.pool.outcomes import Fault, Outcome
from accounts_app.status import explain
from tests.factories import make_account

pytestmark = [pytest.mark.usefixtures("forgetful"), pytest.mark.django_db(transaction=True)]

PRO, FLASH = "gemini-2.5-pro", "gemini-2.5-flash"
URL = "/admin/accounts_app/account/why-not/"


@pytest.fixture
def console() -> Client:
    browser = Client(headers={"host": "localhost"})
    browser.force_login(User.objects.create_superuser("olga"))
    return browser


def shown(console: Client, **query: str) -> str:
    response = console.get(URL, query)
    assert response.status_code == 200
    return response.content.decode()


def in_hours(hours: float) -> datetime:
    return datetime.now(UTC) + timedelta(hours=hours)


def everybody() -> None:
    """One account in each status a row can have."""
    GatewaySettings(quota_protection=10).save()
    make_account("ready@example.com", quota={PRO: {"remaining": 0.42}})
    make_account("disabled@example.com", enabled=False)
    make_account("other@example.com", allowed_models=["gemini-3-*"])
    resets_at = in_hours(3).isoformat()
    make_account("kept@example.com", quota={PRO: {"remaining": 0.05, "resets_at": resets_at}})
    cooling = make_account("resting@example.com")
    Rest.objects.create(
        account=cooling, model=PRO, until=in_hours(2), reason="quota_exhausted", streak=1, message="Spent."
    )
    out = make_account("parked@example.com")
    accounts.take_out([out.pk], "verify", "Verify your account.", "https://accounts.example.com/verify")
    roster.load_now()


def test_every_account_is_listed_with_its_reason_its_end_and_its_remedy(console):
    everybody()

    text = shown(console, model=PRO)

    for words in (
        *("ready@example.com", "42% of its quota left"),
        *("disabled@example.com", "Enable it on its page."),
        *("other@example.com", "model not allowed"),
        *("kept@example.com", "below reserve", "5% left", "3 h more, until"),
        *("resting@example.com", "quota exhausted: Spent.", "2 h more, until"),
        *("parked@example.com", "Verify your account.", "then re-enable the account"),
        'href="https://accounts.example.com/verify"',
    ):
        assert words in text
    assert text.index("ready@example.com") < text.index("resting@example.com") < text.index("disabled@example.com")


def test_one_account_is_found_by_a_part_of_its_name(console):
    everybody()

    text = shown(console, model=PRO, account="REST")

    assert "resting@example.com" in text
    assert "ready@example.com" not in text


def test_a_route_is_followed_and_said(console):
    ModelRoute.objects.create(pattern="fast", target=FLASH)
    account = make_account()
    Rest.objects.create(account=account, model=FLASH, until=in_hours(1), reason="rate_limited", streak=1)
    roster.load_now()

    text = shown(console, model="models/fast")

    assert f"A call for fast is routed to {FLASH}." in text
    assert "cooling down" in text


def test_the_models_to_choose_from_are_those_of_quotas_routes_and_cooldowns(console):
    everybody()
    ModelRoute.objects.create(pattern="fast", target=FLASH)
    ModelRoute.objects.create(pattern="gpt-*", target=FLASH)
    account = Account.objects.get(email="ready@example.com")
    Rest.objects.create(account=account, model="gemini-9", until=in_hours(1), streak=1)
    roster.load_now()

    assert explain.models() == ["fast", PRO, "gemini-9"]
    text = shown(console)
    assert '<option value="gemini-9">' in text
    assert "ready@example.com" not in text


def test_what_this_process_has_just_decided_is_shown_before_it_is_written(console):
    now = time.monotonic()
    make_account(max_concurrency=1)
    roster.load_now()

    lease = leasing.next_step(leasing.attempts(leasing.Wanted(PRO, 1)), now)
    assert isinstance(lease, leasing.Lease)
    with lease:
        assert "1 calls in flight" in shown(console, model=PRO)
        lease.settle(Fault(Outcome.NEEDS_OWNER, 403, parked="terms"), at=now)

    assert "terms of service" in shown(console, model=PRO)
    assert Account.objects.get().parked == ""


def test_many_accounts_come_in_pages(console, django_assert_max_num_queries):
    for number in range(120):
        make_account(f"a{number:03}@example.com", parked="by_hand" if number % 2 else "")
    roster.load_now()

    with django_assert_max_num_queries(10):
        first = shown(console, model=PRO)
    second = shown(console, model=PRO, p="2")

    assert "a000@example.com" in first and "a119@example.com" not in first
    assert "a119@example.com" in second and "a000@example.com" not in second
    assert f"?model={PRO}&amp;p=2" in first


def test_a_link_that_is_not_of_the_web_is_not_shown(console):
    account = make_account()
    accounts.take_out([account.pk], "terms", "Accept the terms.", "javascript:alert(1)")
    roster.load_now()

    assert "javascript:" not in shown(console, model=PRO)


def test_before_the_database_was_read_the_page_says_so(console):
    assert "The database has not been read yet." in shown(console, model=PRO)


def test_the_list_of_accounts_leads_here(console):
    assert f'href="{URL}"' in console.get(reverse("admin:accounts_app_account_changelist")).content.decode()


def test_strangers_and_operators_without_the_right_see_nothing(console):
    stranger = Client(headers={"host": "localhost"})
    assert stranger.get(URL).status_code == 302

    stranger.force_login(User.objects.create_user("otto", is_staff=True))
    assert stranger.get(URL).status_code == 403


def test_every_status_has_a_label():
    assert set(explain.LABELS) == set(Status)
