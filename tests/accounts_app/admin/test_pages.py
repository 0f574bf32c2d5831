"""The operator's console: what it shows, what it never shows, what its actions do."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts_app.actions import accounts
from accounts_app.api_keys import keys
from accounts_app.models import Account, ApiKey, Credential, GatewaySettings, ModelRoute, Rest
from emulator import Emulator
from proxy_app.models import UsageRecord
from tests.factories import make_account, make_api_key

pytestmark = pytest.mark.django_db

SECRET = "hunter2hunter2"
PAGES = ("account", "apikey", "gatewaysettings", "modelroute", "rest")


@pytest.fixture
def console() -> Client:
    browser = Client(headers={"host": "localhost"})
    browser.force_login(User.objects.create_superuser("olga"))
    return browser


def page(name: str, *arguments: object) -> str:
    return reverse(f"admin:{name}", args=arguments)


def text_of(console: Client, url: str) -> str:
    return console.get(url, follow=True).content.decode()


def act(console: Client, model: str, action: str, *rows: object) -> str:
    chosen = [row.pk for row in rows]
    url = page(f"accounts_app_{model}_changelist")
    return console.post(url, {"action": action, "_selected_action": chosen}, follow=True).content.decode()


def account_form(**fields: object) -> dict[str, object]:
    blank = {
        "kind": "cloud_code", "email": "alice@example.com", "project": "", "refresh_token": "", "access_token": "",
        "api_key": "", "enabled": "on", "allowed_models": "", "priority": "0", "max_concurrency": "", "proxy": "",
    }  # fmt: skip
    return {**blank, **fields}


def everything() -> Account:
    """One row of each kind, with a secret wherever there can be one."""
    account = make_account(
        refresh_token=SECRET,
        access_token=SECRET,
        proxy_url=f"http://u:{SECRET}@proxy.example",
        quota={"gemini-2.5-pro": {"remaining": 0.35}},
    )
    make_api_key("laptop", SECRET + "-laptop")
    Rest.objects.create(account=account, until=timezone.now() + timedelta(hours=1), reason="rate_limited")
    ModelRoute.objects.create(pattern="gemini-*", target="gemini-2.5-pro")
    UsageRecord.objects.create(request_id="r" * 32, outcome="succeeded", account=account)
    return account


class TestEveryPage:
    def urls(self) -> list[str]:
        account = everything()
        lists = [page(f"accounts_app_{name}_changelist") for name in PAGES]
        return [
            page("index"),
            *lists,
            page("proxy_app_usagerecord_changelist"),
            page("proxy_app_usagerecord_change", UsageRecord.objects.get().pk),
            page("auth_user_changelist"),
            page("accounts_app_account_add"),
            page("accounts_app_account_change", account.pk),
            page("accounts_app_account_history", account.pk),
            page("accounts_app_account_delete", account.pk),
            page("accounts_app_apikey_add"),
            page("accounts_app_apikey_change", ApiKey.objects.get().pk),
            page("accounts_app_modelroute_add"),
        ]

    def test_no_page_shows_a_secret_or_asks_another_host(self, console):
        for url in self.urls():
            response = console.get(url, follow=True)

            assert response.status_code == 200, url
            text = response.content.decode()
            assert SECRET not in text, url
            assert not re.findall(r'(?:src|href)="(?:https?:)?//', text), url
            assert "default-src 'self'" in response.headers["Content-Security-Policy"]
            assert "no-store" in response.headers["Cache-Control"]

    def test_no_page_is_open_to_strangers(self):
        stranger = Client(headers={"host": "localhost"})

        for url in self.urls():
            response = stranger.get(url)
            assert response.status_code == 302
            assert response.headers["Location"].startswith("/admin/login/")

    def test_a_cookie_is_secure_where_tls_is(self, settings):
        settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
        https = {"host": "localhost", "x-forwarded-proto": "https"}

        plain = Client(headers={"host": "localhost"}).get("/admin/login/").cookies["gateway_csrf"]
        behind_tls = Client(headers=https).get("/admin/login/").cookies["gateway_csrf"]

        assert not plain["secure"]
        assert behind_tls["secure"]

    def test_the_console_speaks_the_operators_language(self, console):
        chinese = console.get("/admin/", headers={"accept-language": "zh-Hant"})

        assert 'lang="zh-hant"' in chinese.content.decode()


class TestBanner:
    def test_every_page_says_that_only_the_demo_answers(self, console):
        accounts.ensure_demo()

        for url in (page("index"), page("accounts_app_apikey_changelist")):
            assert "Only the demo accounts answer" in text_of(console, url)

    def test_it_goes_when_an_account_is_connected(self, console):
        accounts.ensure_demo()
        make_account()

        assert "Only the demo accounts answer" not in text_of(console, page("index"))


class TestAccounts:
    def test_a_google_account_is_connected(self, console):
        form = account_form(
            email="Alice@example.com",
            refresh_token="1//alice",
            allowed_models="gemini-2.5-*\n\n gemini-3",
            priority="2",
        )

        console.post(page("accounts_app_account_add"), form)

        account = Account.objects.get()
        assert (account.email, account.allowed_models, account.priority) == (
            "alice@example.com",
            ["gemini-2.5-*", "gemini-3"],
            2,
        )
        assert account.credential.refresh_token == "1//alice"

    def test_a_gemini_api_key_is_connected(self, console):
        form = account_form(kind="gemini_api", email="spare key", api_key="AIzaSyExample")

        console.post(page("accounts_app_account_add"), form)

        assert Account.objects.get().credential.access_token == "AIzaSyExample"

    @pytest.mark.parametrize(
        ("fields", "complaint"),
        [
            ({}, "refresh token is one word"),
            ({"refresh_token": "1//a", "project": "12345"}, "not a project id"),
            ({"refresh_token": "1//a", "email": "nobody"}, "not an email address"),
            ({"refresh_token": "1//a", "proxy": "proxy.example"}, "not the URL of a proxy"),
            ({"refresh_token": "1//a", "max_concurrency": "0"}, "At least 1;"),
            ({"refresh_token": "1//a", "email": "bob@example.com"}, "already here"),
        ],
    )
    def test_nonsense_is_told_on_the_form(self, console, fields, complaint):
        make_account("bob@example.com")

        response = console.post(page("accounts_app_account_add"), account_form(**fields))

        assert complaint in response.content.decode()
        assert Account.objects.count() == 1

    def test_a_form_sent_back_with_an_error_does_not_give_its_secrets_back(self, console):
        form = account_form(
            email="nobody", refresh_token=SECRET, access_token=SECRET, proxy=f"http://{SECRET}@p.example"
        )

        assert SECRET not in console.post(page("accounts_app_account_add"), form).content.decode()

    def test_secrets_left_empty_are_kept(self, console):
        account = make_account(refresh_token="1//kept", proxy_url="http://kept.example")

        console.post(page("accounts_app_account_change", account.pk), account_form(priority="7", project="my-project"))

        account.refresh_from_db()
        assert (account.priority, account.proxy_url) == (7, "http://kept.example")
        assert Credential.objects.get().refresh_token == "1//kept"

    def test_a_new_token_is_stored_and_a_dash_takes_the_proxy_away(self, console):
        account = make_account(proxy_url="http://proxy.example")
        form = account_form(refresh_token="1//new", proxy="-", project="my-project")

        console.post(page("accounts_app_account_change", account.pk), form)

        account.refresh_from_db()
        assert account.proxy_url == ""
        assert account.credential.refresh_token == "1//new"

    def test_saving_does_not_write_over_what_changed_meanwhile(self, console):
        account = make_account()
        url = page("accounts_app_account_change", account.pk)
        console.get(url)
        accounts.take_out([account.pk], "terms")

        console.post(url, account_form(priority="7", project="my-project"))

        account.refresh_from_db()
        assert (account.parked, account.priority) == ("terms", 7)

    def test_disabling_and_re_enabling(self, console):
        account = make_account()

        act(console, "account", "park", account)
        account.refresh_from_db()
        assert (account.parked, account.parked_message) == ("by_hand", "Disabled by olga.")

        act(console, "account", "re_enable", account)
        account.refresh_from_db()
        assert account.parked == ""

    def test_cooldowns_are_cleared(self, console):
        account = make_account()
        Rest.objects.create(account=account, until=timezone.now() + timedelta(hours=1))

        assert "1 cooldown cleared." in act(console, "account", "clear_cooldowns", account)
        assert Rest.objects.get().until is None

    def test_the_list_tells_each_state_in_words(self, console):
        make_account("ready@example.com")
        cooling = make_account("resting@example.com")
        out = make_account("parked@example.com")
        Rest.objects.create(account=cooling, until=timezone.now() + timedelta(minutes=25))
        accounts.take_out([out.pk], "verify")

        text = text_of(console, page("accounts_app_account_changelist"))

        for words in ("ready", "cooling down, 25 min left", "needs attention: verify the account"):
            assert words in text

    def test_an_account_that_needs_attention_links_to_the_remedy_only_on_the_web(self, console):
        account = make_account()
        url = page("accounts_app_account_change", account.pk)

        accounts.take_out([account.pk], "verify", "Verify your account.", "https://accounts.example.com/verify")
        assert 'href="https://accounts.example.com/verify"' in text_of(console, url)

        accounts.take_out([account.pk], "terms", "Accept the terms.", "javascript:alert(1)")
        assert "javascript:alert" not in text_of(console, url)

    def test_each_models_quota_is_shown_with_its_reset(self, console):
        quota = {
            "gemini-a": {"remaining": 0.35, "resets_at": (timezone.now() + timedelta(hours=3)).isoformat()},
            "gemini-b": {"remaining": 0.1, "resets_at": (timezone.now() - timedelta(hours=3)).isoformat()},
            "gemini-c": {"remaining": 0.9, "resets_at": None},
        }
        account = make_account(quota=quota)

        text = text_of(console, page("accounts_app_account_change", account.pk))

        told = " ".join(re.sub(r"<[^>]+>", " ", text).split())
        assert "gemini-a 35% resets in 2 hours, 59 minutes" in told
        assert "gemini-b 10% has been reset since" in told
        assert "gemini-c 90%" in told

    def test_a_list_of_many_takes_as_many_queries_as_one_of_few(self, console, django_assert_max_num_queries):
        for number in range(30):
            make_account(f"a{number}@example.com")

        with django_assert_max_num_queries(12):
            console.get(page("accounts_app_account_changelist"))


class TestBulkActions:
    def test_tokens_are_refreshed_and_quotas_fetched(self, upstream: Emulator, console):
        account = make_account()
        upstream.add_account(
            account.email,
            refresh_token=account.credential.refresh_token,
            access_token=account.credential.access_token,
            project="my-project",
        )

        assert "1 account changed." in act(console, "account", "renew_tokens", account)
        assert "1 account changed." in act(console, "account", "fetch_quota", account)

        account.refresh_from_db()
        assert account.quota

    def test_trouble_is_told_by_account(self, upstream: Emulator, console):
        account = make_account()

        assert f"{account.email}: " in act(console, "account", "renew_tokens", account)


class TestApiKeys:
    def test_a_new_key_is_shown_once(self, console):
        form = {"name": "laptop", "owner": "Alice", "enabled": "on", "expires_at_0": "", "expires_at_1": ""}

        answer = console.post(page("accounts_app_apikey_add"), form).content.decode()

        (key,) = set(re.findall(r"gw-[\w-]{43}", answer))
        row = ApiKey.objects.get()
        assert (row.name, row.owner, row.digest) == ("laptop", "Alice", keys.digest(key))
        for url in (page("accounts_app_apikey_changelist"), page("accounts_app_apikey_change", row.pk)):
            assert key not in text_of(console, url)

    def test_a_name_is_taken_once(self, console):
        make_api_key("laptop")
        digest = ApiKey.objects.get().digest

        console.post(page("accounts_app_apikey_add"), {"name": "laptop", "enabled": "on"})

        assert ApiKey.objects.get().digest == digest

    def test_a_key_is_replaced_after_asking(self, console):
        make_api_key("laptop")
        row = ApiKey.objects.get()
        url = reverse("admin:accounts_app_apikey_replace", args=[row.pk])

        console.get(url)
        assert ApiKey.objects.get().digest == row.digest

        (key,) = set(re.findall(r"gw-[\w-]{43}", console.post(url).content.decode()))
        assert ApiKey.objects.get().digest == keys.digest(key)

    def test_a_key_is_disabled_without_losing_it(self, console):
        make_api_key("laptop")
        row = ApiKey.objects.get()

        console.post(page("accounts_app_apikey_change", row.pk), {"owner": "", "expires_at_0": "", "expires_at_1": ""})

        changed = ApiKey.objects.get()
        assert (changed.enabled, changed.digest) == (False, row.digest)


class TestSettings:
    url = "/admin/accounts_app/gatewaysettings/1/change/"

    def save(self, console: Client, **fields: str) -> str:
        console.get(page("accounts_app_gatewaysettings_changelist"))
        form = {
            "auth_mode": "strict",
            "strategy": "fill_first",
            "quota_protection": "0",
            "capture_days": "7",
            "system_instruction_prefix": "",
            "api_key": "",
            **fields,
        }
        return console.post(self.url, form, follow=True).content.decode()

    def test_the_list_leads_to_the_one_page(self, console):
        response = console.get(page("accounts_app_gatewaysettings_changelist"))

        assert response.headers["Location"] == self.url

    def test_what_is_set_is_stored(self, console):
        self.save(console, system_instruction_prefix="Be brief.")

        row = GatewaySettings.objects.get()
        assert (row.auth_mode, row.strategy, row.system_instruction_prefix) == ("strict", "fill_first", "Be brief.")
        assert not ApiKey.objects.exists()

    def test_a_part_of_every_quota_may_be_held_in_reserve(self, console):
        assert "Quota reserve (%)" in text_of(console, self.url)

        self.save(console, quota_protection="10")
        assert GatewaySettings.objects.get().quota_protection == 10

        self.save(console, quota_protection="101")
        assert GatewaySettings.objects.get().quota_protection == 10

    def test_the_api_key_is_written_and_never_shown(self, console):
        assert SECRET not in self.save(console, api_key=SECRET)

        assert ApiKey.objects.get(name="default").digest == keys.digest(SECRET)
        assert SECRET not in text_of(console, self.url)

    def test_a_key_of_another_name_is_refused(self, console):
        make_api_key("laptop", SECRET)

        assert "another name" in self.save(console, api_key=SECRET)
        assert not ApiKey.objects.filter(name="default").exists()


class TestReadOnlyPages:
    def test_cooldowns_are_cleared_from_their_own_list(self, console):
        cooldown = Rest.objects.create(account=make_account(), until=timezone.now() + timedelta(hours=1))

        assert "1 cooldown cleared." in act(console, "rest", "clear", cooldown)
        cooldown.refresh_from_db()
        assert cooldown.until is None

    def test_the_request_log_can_only_be_read(self, console):
        record = UsageRecord.objects.create(request_id="r" * 32, outcome="succeeded")

        assert console.get("/admin/proxy_app/usagerecord/add/").status_code == 403
        assert console.post(page("proxy_app_usagerecord_change", record.pk), {"outcome": "x"}).status_code == 403
        assert console.post(page("proxy_app_usagerecord_delete", record.pk), {"post": "yes"}).status_code == 403

    def test_the_request_log_is_searched_by_request(self, console):
        for letter in "ab":
            UsageRecord.objects.create(
                request_id=letter * 32, outcome="succeeded", account_label=f"{letter}@example.com"
            )

        found = text_of(console, page("proxy_app_usagerecord_changelist") + "?q=" + "a" * 32)

        assert "a@example.com" in found
        assert "b@example.com" not in found
