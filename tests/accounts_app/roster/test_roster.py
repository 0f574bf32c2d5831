"""The roster: what it shows, the queries of a reading, and failures it survives."""

import time
from datetime import UTC, datetime

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts_app import roster
from accounts_app.api_keys import keys
from accounts_app.models import (
    Account,
    ApiKey,
    Credential,
    GatewaySettings,
    HomeProject,
    KeyGroup,
    ModelRoute,
    Project,
    Rest,
)
from accounts_app.pool.choice.selection import Strategy
from accounts_app.roster.tables import OVERLAP
from accounts_app.storage import worker
from accounts_app.storage.worker import in_database
from tests.factories import make_account

pytestmark = pytest.mark.usefixtures("forgetful", "db")


@pytest.fixture
def long_ago():
    """Makes all rows so old that they are read again only when they change."""

    def age() -> None:
        for model in (
            *(Account, Credential, ApiKey, KeyGroup, Project, HomeProject),
            *(GatewaySettings, ModelRoute, Rest),
        ):
            model.objects.update(updated_at=timezone.now() - 10 * OVERLAP)

    return age


def test_before_the_first_reading_nothing_is_known():
    with pytest.raises(roster.RosterUnavailable):
        roster.current()


def test_an_account_is_seen_with_its_tokens_and_its_upstream(settings):
    settings.CLOUD_CODE_URLS = ("https://one.example", "https://two.example")
    account = make_account(
        tier="g1-pro-tier", allowed_models=["gemini-2.5-*"], max_concurrency=3, priority=7, proxy_url="http://p:1"
    )

    view = roster.load_now().accounts[account.pk]

    assert (view.email, view.project, view.weight, view.max_concurrency) == ("alice@example.com", "my-project", 3, 3)
    assert (view.priority, view.proxy_url, view.available) == (7, "http://p:1", True)
    assert view.bases == ("https://one.example", "https://two.example")
    assert view.credential.access_token == "access-alice@example.com"
    assert view.credential.expires_at == pytest.approx(time.time() + 3600, abs=60)
    assert (view.serves("gemini-2.5-pro"), view.serves("gemini-3-pro")) == (True, False)


def test_no_secret_shows_in_a_repr():
    make_account(refresh_token="1//hush", access_token="ya29.hush", proxy_url="http://user:hush@proxy:1")

    snapshot = roster.load_now()

    assert repr(snapshot) == f"<Roster {snapshot.version}: 1 accounts, 0 keys>"
    assert "hush" not in repr(snapshot.accounts)


def test_the_quota_last_seen_counts_until_its_reset():
    past, ahead = datetime.fromtimestamp(500, UTC).isoformat(), datetime.fromtimestamp(5000, UTC).isoformat()
    quota = {
        "stale": {"remaining": 0.0, "resets_at": past},
        "low": {"remaining": 0.25, "resets_at": ahead},
        "odd": {"remaining": None, "resets_at": "never"},
    }
    account = make_account(quota=quota)

    view = roster.load_now().accounts[account.pk]

    assert [view.remaining(model, 1000.0) for model in ("stale", "low", "odd", "new")] == [None, 0.25, None, None]


def test_a_reading_without_news_asks_one_question_a_table(long_ago, django_assert_num_queries):
    make_account()
    long_ago()
    first = roster.load_now()

    with django_assert_num_queries(9):
        again = roster.load_now()

    assert again is first


def test_a_reading_reads_only_the_rows_that_changed(long_ago):
    alice, bob = make_account(), make_account("bob@example.com")
    long_ago()
    before = roster.load_now()

    Account.objects.filter(pk=bob.pk).update(enabled=False)
    after = roster.load_now()

    assert after.accounts[alice.pk] is before.accounts[alice.pk]
    assert not after.accounts[bob.pk].enabled
    assert (after.changed_accounts, after.version) == ({bob.pk}, before.version + 1)
    assert before.accounts[bob.pk].enabled


def test_a_new_token_changes_its_account_alone(long_ago):
    alice, bob = make_account(), make_account("bob@example.com")
    long_ago()
    before = roster.load_now()

    Credential.objects.filter(account=alice).update(access_token="renewed")
    after = roster.load_now()

    assert after.accounts[alice.pk].credential.access_token == "renewed"
    assert after.accounts[bob.pk] is before.accounts[bob.pk]


def test_groups_projects_and_homes_are_seen():
    group = KeyGroup.objects.create(name="team", max_files=7)
    project = Project.objects.create(number="123", name="first", exclusive_to=group, tokens_per_day=1000)
    known = make_account("key-1", kind="gemini_api", owner_project=project)
    unknown = make_account("key-2", kind="gemini_api")
    keys.issue("laptop")
    ApiKey.objects.update(group=group)
    HomeProject.objects.create(tenant="g7", project=project)

    seen = roster.load_now()

    assert (seen.accounts[known.pk].owner, seen.accounts[unknown.pk].owner) == (project.pk, -unknown.pk)
    assert [key.group for key in seen.keys.values()] == [group.pk]
    assert (seen.groups[group.pk].max_files, seen.groups[group.pk].max_running_jobs) == (7, None)
    view = seen.projects[project.pk]
    assert (view.number, view.name, view.exclusive_to, view.limits.tokens_per_day) == ("123", "first", group.pk, 1000)
    assert seen.homes == {"g7": project.pk}


def test_an_account_whose_project_is_deleted_is_its_own_again(long_ago):
    project = Project.objects.create(number="123")
    account = make_account("key-1", kind="gemini_api", owner_project=project)
    long_ago()
    before = roster.load_now()

    Project.objects.filter(pk=project.pk).delete()
    after = roster.load_now()

    assert (before.accounts[account.pk].owner, after.accounts[account.pk].owner) == (project.pk, -account.pk)
    assert after.projects == {}


def test_a_deleted_account_is_gone(long_ago):
    alice, bob = make_account(), make_account("bob@example.com")
    long_ago()
    roster.load_now()

    alice.delete()
    snapshot = roster.load_now()

    assert set(snapshot.accounts) == {bob.pk}


def test_one_gone_and_one_come_are_both_noticed(long_ago):
    alice = make_account()
    long_ago()
    roster.load_now()

    alice.delete()
    bob = make_account("bob@example.com")

    assert set(roster.load_now().accounts) == {bob.pk}


def test_a_row_that_was_committed_late_is_still_noticed(long_ago):
    alice, bob = make_account(), make_account("bob@example.com")
    long_ago()
    Account.objects.filter(pk=bob.pk).update(project="new")
    roster.load_now()

    Account.objects.filter(pk=alice.pk).update(project="late", updated_at=timezone.now() - OVERLAP / 2)

    assert roster.load_now().accounts[alice.pk].project == "late"


def test_a_node_with_a_slow_clock_is_noticed_by_the_sweep(long_ago):
    alice = make_account()
    long_ago()
    roster.load_now()
    Account.objects.filter(pk=alice.pk).update(project="slow", updated_at=timezone.now() - 20 * OVERLAP)

    roster._tables._accounts._sweep_at = 0.0

    assert roster.load_now().accounts[alice.pk].project == "slow"


def test_keys_settings_and_routes_are_seen(settings):
    settings.GATEWAY_AUTH_MODE = "strict"
    key = keys.issue("laptop")
    assert roster.load_now().settings.auth_mode == "strict"

    GatewaySettings(strategy="fill_first", system_instruction_prefix="Be brief.").save()
    ModelRoute.objects.create(pattern="fast", target="gemini-2.5-flash")
    ModelRoute.objects.create(pattern="off", target="nowhere", enabled=False)
    snapshot = roster.load_now()

    assert snapshot.keys[keys.digest(key)].name == "laptop"
    assert snapshot.settings.strategy is Strategy.FILL_FIRST
    assert snapshot.settings.system_instruction_prefix == "Be brief."
    assert [snapshot.routes.resolve(name) for name in ("fast", "off")] == ["gemini-2.5-flash", "off"]


def test_an_exact_route_outranks_wildcards_and_the_wildcard_that_says_most_the_others():
    targets = {"*": "any", "gpt-*": "gpt", "gpt-4*-mini": "mini", "gpt-4o-mini": "exact"}
    routes = roster.RouteTable(roster.Route(pattern, target) for pattern, target in targets.items())

    found = [routes.resolve(name) for name in ("gpt-4o-mini", "gpt-4.1-mini", "gpt-5", "claude")]

    assert found == ["exact", "mini", "gpt", "any"]


def test_the_demo_account_is_on_standby_once_another_is_there_and_never_calls_google():
    demo = make_account("demo account", is_demo=True)
    view = roster.load_now().accounts[demo.pk]
    assert (view.available, view.bases, view.token_url) == (False, (), "")

    roster.set_demo_upstream("http://127.0.0.1:9")
    view = roster.load_now().accounts[demo.pk]
    assert (view.available, view.bases, view.token_url) == (True, ("http://127.0.0.1:9",), "http://127.0.0.1:9/token")

    make_account(enabled=False)
    assert roster.load_now().accounts[demo.pk].standby
    roster.set_demo_upstream(None)


def test_a_secret_that_does_not_decrypt_costs_its_own_account_and_no_other(caplog):
    alice, bob, carol = (make_account(f"{name}@example.com", proxy_url="http://p:1") for name in ("a", "b", "c"))
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE accounts_app_credential SET access_token = 'v1:gone:AAAA' WHERE account_id = %s", [bob.pk]
        )
        cursor.execute("UPDATE accounts_app_account SET proxy_url = 'v1:gone:AAAA' WHERE id = %s", [carol.pk])

    accounts = roster.load_now().accounts

    assert [accounts[each.pk].parked for each in (alice, bob, carol)] == ["", "misconfigured", "misconfigured"]
    assert len([record for record in caplog.records if "out of service" in record.message]) == 2


def test_listeners_hear_of_each_new_snapshot_once(long_ago):
    heard = []
    roster.on_change(heard.append)
    make_account()
    long_ago()

    snapshot = roster.load_now()
    roster.load_now()

    assert heard == [snapshot]
    roster._listeners.remove(heard.append)


def test_a_lost_database_leaves_the_last_snapshot_in_force_and_loses_no_change(long_ago, monkeypatch):
    alice = make_account()
    long_ago()
    before = roster.load_now()
    Account.objects.filter(pk=alice.pk).update(project="new")

    class Away:
        def __call__(self, execute, sql, params, many, context):
            if "accounts_app_rest" in sql:
                raise OperationalError("the database is away")
            return execute(sql, params, many, context)

    with connection.execute_wrapper(Away()), pytest.raises(OperationalError):
        roster.load_now()

    assert roster.current() is before
    assert roster.load_now().accounts[alice.pk].project == "new"


@pytest.mark.django_db(transaction=True)
async def test_a_refresh_reads_on_the_database_thread():
    await in_database(make_account)

    await roster.refresh()

    assert len(roster.current().accounts) == 1
    assert await in_database(lambda: connection.connection is not None)
    worker.shutdown()


@pytest.mark.django_db(transaction=True)
async def test_the_database_thread_starts_on_a_new_connection_after_an_error():
    before = await in_database(lambda: (connection.ensure_connection(), id(connection.connection))[1])

    def fail() -> None:
        raise OperationalError("server closed the connection")

    with pytest.raises(OperationalError):
        await in_database(fail)

    assert await in_database(lambda: connection.connection) is None
    assert before
    worker.shutdown()


def test_ten_thousand_accounts_cost_a_handful_of_queries():
    accounts = Account.objects.bulk_create(Account(email=f"user{number}@example.com") for number in range(10_000))
    Credential.objects.bulk_create(Credential(account=account, access_token="t") for account in accounts)

    with CaptureQueriesContext(connection) as first:
        snapshot = roster.load_now()

    assert len(snapshot.accounts) == 10_000
    assert len(first) == 18
