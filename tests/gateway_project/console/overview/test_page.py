"""The console's overview: what it shows, to whom, and that it reads only a bounded end of the request log."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts_app import roster
from accounts_app.api_keys import keys
from accounts_app.models import Account, ApiKey, Project, Resource, Rest, RunningJob
from proxy_app.ledger import hours
from proxy_app.models import UsageRecord
from tests.factories import make_account, make_api_key

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("forgetful")]
OVERVIEW = "/admin/overview/"


@pytest.fixture
def operator() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("olga"))
    return client


def staff(*rights: str) -> Client:
    user = User.objects.create_user("sam", is_staff=True)
    for right in rights:
        user.user_permissions.add(Permission.objects.get(codename=right))
    client = Client()
    client.force_login(user)
    return client


def an_attempt(**columns: Any) -> None:
    row = {field.attname: field.get_default() for field in UsageRecord._meta.concrete_fields if field.name != "id"}
    row |= {"model": "gemini-2.5-flash", "outcome": "succeeded", "delivered": True, "first_event_ms": 700}
    hours.add([row | {"at": timezone.now(), "prompt_tokens": 1500} | columns])


def html_of(answer: dict[str, Any]) -> str:
    return re.sub(r"\s+", " ", " ".join(answer["html"].values()))


def live(client: Client, query: str = "") -> dict[str, Any]:
    roster.load_now()
    cache.clear()
    return client.get(OVERVIEW + query).json()


def test_the_first_page_shows_calls_tokens_and_times(operator: Client):
    an_attempt(overhead_us=800)
    an_attempt(outcome="overloaded", delivered=False, first_event_ms=None, prompt_tokens=0)
    roster.load_now()

    page = operator.get("/admin/").content.decode()

    assert "1.50 k" in page or "1,500" in page
    assert "50 % of all calls" in page
    assert 'id="overview-pictures"' in page
    assert "gemini-2.5-flash" in page


def test_accounts_are_ready_cooling_down_or_need_attention(operator: Client):
    ready, cooling, blocked = (make_account(f"{name}@example.com") for name in ("alice", "bob", "eve"))
    until = timezone.now() + timedelta(minutes=20)
    Rest.objects.create(account=cooling, until=until, reason="rate_limited", streak=1, window_until=until)
    Rest.objects.create(account=ready, model="gemini-2.5-pro", until=until, reason="x", streak=1, window_until=until)
    Account.objects.filter(pk=blocked.pk).update(parked="verify")

    html = html_of(live(operator))

    for words in (
        "ready</dt><dd>1<",
        "cooling down</dt><dd>1<",
        "needs attention</dt><dd>1<",
        "1 ready account is cooling down for some models",
    ):
        assert words in html
    assert f'data-until="{until.astimezone(UTC).isoformat(timespec="seconds")[:19]}' in html
    assert "bob@example.com" in html


@pytest.mark.parametrize("period", ["hour", "day", "week", "month", "nonsense"])
@pytest.mark.parametrize("by", ["outcome", "model", "account", "key", "nonsense"])
def test_every_period_and_split_has_its_charts(operator: Client, period: str, by: str):
    account = make_account()
    make_api_key("laptop")
    an_attempt(account_id=account.pk, api_key_id=ApiKey.objects.get().pk)

    pictures = live(operator, f"?period={period}&by={by}")["pictures"]

    assert set(pictures["charts"]) == {"calls", "tokens", "times"}
    for series in pictures["charts"]["calls"]:
        assert len(series["values"]) == len(pictures["slots"])
    labels = {series["label"] for series in pictures["charts"]["calls"]}
    if period not in ("hour", "nonsense"):
        expected = {"model": "gemini-2.5-flash", "account": "alice@example.com", "key": "laptop"}
        assert expected.get(by, "answered") in labels


def test_what_was_deleted_keeps_its_figures(operator: Client):
    an_attempt(account_id=4711, api_key_id=4712)

    html = html_of(live(operator))

    assert "deleted account 4711" in html
    assert "deleted key 4712" in html


def test_the_request_log_is_not_read_for_a_day_and_only_its_end_for_an_hour(operator: Client):
    an_attempt()
    ledger = UsageRecord._meta.db_table

    with CaptureQueriesContext(
        connection,
    ) as day:
        live(operator, "?period=day")
    with CaptureQueriesContext(connection) as hour:
        live(operator, "?period=hour")

    assert not [query for query in day if f'FROM "{ledger}"' in query["sql"]]
    (tail,) = [query["sql"] for query in hour if f'FROM "{ledger}"' in query["sql"]]
    assert "LIMIT 10000" in tail


def test_staff_without_rights_see_neither_figures_nor_names():
    make_account()
    an_attempt()
    client = staff()
    roster.load_now()

    page = client.get("/admin/").content.decode()
    answer = live(client)

    assert "alice@example.com" not in page + html_of(answer)
    assert "pictures" not in answer
    assert set(answer["html"]) <= {"accounts", "inbox"}


def test_staff_who_may_see_usage_alone_see_no_addresses():
    account = make_account()
    keys.issue("laptop")
    an_attempt(account_id=account.pk, api_key_id=ApiKey.objects.get().pk)

    answer = live(staff("view_usagerecord"), "?by=account")

    assert "gemini-2.5-flash" in html_of(answer)
    assert "alice@example.com" not in str(answer)
    assert "laptop" not in str(answer)


def test_an_anonymous_visitor_is_asked_to_sign_in():
    assert Client().get(OVERVIEW).status_code == 302


def test_before_the_database_was_read_the_page_says_so(operator: Client):
    assert "has not been read" in operator.get("/admin/").content.decode()


def test_figures_shown_to_several_operators_are_made_once(operator: Client, django_assert_max_num_queries):
    live(operator)
    with django_assert_max_num_queries(5):
        operator.get(OVERVIEW)


def test_times_of_the_charts_are_moments_with_a_zone(operator: Client):
    (first, *_) = live(operator)["pictures"]["slots"]

    assert datetime.fromisoformat(first).utcoffset() == timedelta()


def test_interactions_that_run_in_the_background_are_counted_for_those_who_may_see_them(operator: Client):
    project = Project.objects.create(number="1111")
    for name, state in (("a", "in_progress"), ("b", "queued"), ("c", "cancelled"), ("d", "")):
        row = Resource.objects.create(project=project, kind="interactions", name=f"interactions/{name}", state=state)
        RunningJob.objects.create(resource=row, request_id="r" * 32, look_at=timezone.now())

    assert "2 interactions are running in the background." in html_of(live(operator))
    assert "in the background" not in html_of(live(staff("view_usagerecord")))
    RunningJob.objects.all().delete()
    assert "in the background" not in html_of(live(operator))
