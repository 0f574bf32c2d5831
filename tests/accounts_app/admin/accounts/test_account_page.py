"""The accounts' live pages: cooldowns that count down and can be cleared, quota bars, calls, an account's actions."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone

from accounts_app.admin.accounts import account_cells
from accounts_app.admin.hooks import AccountTest, hooks
from accounts_app.models import Account, ApiKey, Rest
from accounts_app.storage import worker
from tests.factories import make_account, make_api_key

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("forgetful")]
LIST = "/admin/accounts_app/account/"


@pytest.fixture
def operator() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("olga"))
    return client


@pytest.fixture
def onlooker() -> Client:
    """Staff who may look at accounts and nothing else."""
    user = User.objects.create_user("sam", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_account"))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def results_of_tests() -> Iterator[dict[int, AccountTest]]:
    """Replaces the test of an account: the result is given by its id."""
    told: dict[int, AccountTest] = {}
    before = hooks.test_account

    async def test_account(account: int) -> AccountTest:
        return told[account]

    hooks.test_account = test_account
    yield told
    hooks.test_account = before
    worker.shutdown()


def a_cooldown(account: Account, model: str = "gemini-2.5-pro") -> Rest:
    until = timezone.now() + timedelta(minutes=20)
    return Rest.objects.create(account=account, model=model, until=until, reason="rate_limited", streak=1)


def cells(client: Client, *accounts: Account) -> dict[str, str]:
    return client.get(f"{LIST}live/?ids={','.join(str(one.pk) for one in accounts)}").json()["html"]


def the_end(cooldown: Rest) -> str:
    return f"{LIST}{cooldown.account_id}/rests/{cooldown.pk}/end/"


def test_the_script_gets_every_cell_of_the_accounts_it_names(operator: Client):
    alice, bob = make_account("alice@example.com"), make_account("bob@example.com")
    a_cooldown(alice)

    html = cells(operator, alice, bob)

    names = ("state", "cooldowns", "all-cooldowns", "quota", "all-quota", "calls", "used")
    assert set(html) == {f"{name}-{one.pk}" for name in names for one in (alice, bob)}
    assert "gemini-2.5-pro" in html[f"cooldowns-{alice.pk}"]
    assert "data-until=" in html[f"cooldowns-{alice.pk}"]


def test_what_the_script_renews_is_what_the_list_shows(operator: Client):
    account = make_account(quota={"gemini-2.5-pro": {"remaining": 0.05, "resets_at": None}})
    a_cooldown(account)

    page = operator.get(LIST).content.decode()

    for name in ("state", "cooldowns", "quota", "calls", "used"):
        assert f'data-part="{name}-{account.pk}"' in page
    assert cells(operator, account)[f"quota-{account.pk}"].strip() in page
    assert "ac-bad" in page


def test_calls_today_and_in_flight_are_shown(operator: Client, monkeypatch):
    account = make_account()
    monkeypatch.setattr(hooks, "attempts_today", lambda ids, now: {account.pk: 41} if account.pk in ids else {})
    monkeypatch.setattr(account_cells.leasing, "load", lambda: {account.pk: 3})

    html = cells(operator, account)[f"calls-{account.pk}"]

    assert ">41<" in html
    assert "3 in flight" in html


def test_a_cooldown_is_cleared_by_its_button_and_that_is_logged(operator: Client):
    account = make_account()
    one, other = a_cooldown(account), a_cooldown(account, "gemini-2.5-flash")

    assert the_end(one) in operator.get(LIST).content.decode()
    answer = operator.post(the_end(one), HTTP_REFERER=f"http://testserver{LIST}?p=2")

    one.refresh_from_db()
    other.refresh_from_db()
    assert answer.url == f"http://testserver{LIST}?p=2"
    assert (one.until, other.until is None) == (None, False)
    assert "gemini-2.5-pro" in LogEntry.objects.get().change_message


def test_the_button_leads_nowhere_else(operator: Client):
    cooldown = a_cooldown(make_account())

    answer = operator.post(the_end(cooldown), HTTP_REFERER="https://elsewhere.example.com/")

    assert answer.url == f"{LIST}{cooldown.account_id}/change/"


def test_staff_who_may_only_look_get_no_buttons_and_cannot_press_them(onlooker: Client):
    cooldown = a_cooldown(make_account())

    page = onlooker.get(f"{LIST}{cooldown.account_id}/change/").content.decode()
    refused = [onlooker.post(the_end(cooldown)), onlooker.post(f"{LIST}{cooldown.account_id}/do/park/")]

    assert "gemini-2.5-pro" in page
    assert "formaction" not in page + onlooker.get(LIST).content.decode()
    assert [answer.status_code for answer in refused] == [403, 403]


def test_without_the_right_to_look_there_is_nothing_live():
    client = Client()
    client.force_login(User.objects.create_user("sam", is_staff=True))

    assert client.get(f"{LIST}live/?ids={make_account().pk}").status_code == 403


@pytest.mark.parametrize("name", ["clear_cooldowns", "re_enable", "park"])
def test_an_account_is_acted_on_from_its_own_page(operator: Client, name: str):
    account = make_account()
    cooldown = a_cooldown(account)
    address = f"{LIST}{account.pk}/do/{name}/"

    assert address in operator.get(f"{LIST}{account.pk}/change/").content.decode()
    answer = operator.post(address)

    assert answer.url == f"{LIST}{account.pk}/change/"
    cooldown.refresh_from_db()
    account.refresh_from_db()
    assert (cooldown.until is None, account.parked) == {
        "clear_cooldowns": (True, ""), "re_enable": (True, ""), "park": (False, "by_hand"),
    }[name]  # fmt: skip


@pytest.mark.parametrize("name", ["clear_cooldowns", "re_enable", "park"])
def test_who_did_what_to_an_account_is_in_its_history(operator: Client, name: str):
    account = make_account()

    operator.post(f"{LIST}{account.pk}/do/{name}/")

    entry = LogEntry.objects.get()
    assert (entry.user.username, entry.object_id) == ("olga", str(account.pk))
    assert entry.change_message


def test_a_replaced_key_is_in_its_history(operator: Client):
    make_api_key("laptop")
    key = ApiKey.objects.get()

    shown = operator.post(f"/admin/accounts_app/apikey/{key.pk}/replace/").content.decode()

    assert "Replaced" in LogEntry.objects.get().change_message
    assert re.search(r"gw-[\w-]{43}", shown)[0] not in str(LogEntry.objects.values_list())


@pytest.mark.parametrize("name", ["delete", "export", "get_urls"])
def test_only_what_is_meant_for_it_is_done_from_an_accounts_page(operator: Client, name: str):
    assert operator.post(f"{LIST}{make_account().pk}/do/{name}/").status_code == 404


def test_acting_takes_a_post(operator: Client):
    assert operator.get(f"{LIST}{make_account().pk}/do/park/").status_code == 405


@pytest.mark.django_db(transaction=True)
def test_a_test_says_how_it_went(operator: Client, results_of_tests: dict[int, Any]):
    good, bad = make_account("alice@example.com"), make_account("bob@example.com")
    results_of_tests |= {
        good.pk: AccountTest("gemini-2.5-flash", 1.23),
        bad.pk: AccountTest("gemini-2.5-flash", 0.4, "You have exhausted your capacity."),
    }

    chosen = {"action": "test", "_selected_action": [good.pk, bad.pk]}
    page = operator.post(LIST, chosen, follow=True).content.decode()

    assert "alice@example.com answers for gemini-2.5-flash, in 1.2 s." in page
    assert "bob@example.com does not answer for gemini-2.5-flash: You have exhausted your capacity." in page
