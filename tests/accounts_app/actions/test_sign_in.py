"""Signing in with a Google account, from “Add account” to the account's page, and what may go wrong in between."""

import asyncio
import re
import time
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts_app import http_client
from accounts_app.actions import setup, sign_in_sessions
from accounts_app.actions import sign_in as signing_in
from accounts_app.actions.setup import SetupResult, Step
from accounts_app.models import Account, Credential, Rest
from accounts_app.storage.worker import in_database
from emulator import Emulator
from emulator.wire.replies import json_reply
from tests.accounts_app.conftest import row_of
from tests.factories import make_account

CONNECT = reverse("admin:accounts_app_account_connect")
PASTE = reverse("admin:accounts_app_account_paste")
CALLBACK = reverse("admin:accounts_app_account_callback")
HERE = "127.0.0.1:8045"


def browser_of(user: User, host: str = HERE) -> Client:
    browser = Client(headers={"host": host})
    browser.force_login(user)
    return browser


@pytest.fixture
def olga(upstream: Emulator) -> User:
    return User.objects.create_superuser("olga")


@pytest.fixture
def console(olga: User) -> Client:
    return browser_of(olga)


@pytest.fixture
def consent(upstream: Emulator) -> Callable[..., str]:
    """Where Google's page sends the browser to: path and query."""

    def to(url: str, email: str = "alice@example.com", **options: bool) -> str:
        parts = urlsplit(upstream.consent(url, email, **options))
        return f"{parts.path}?{parts.query}"

    return to


def begin(console: Client, url: str = CONNECT, **fields: str) -> str:
    """Agree to the terms. Returns the address of Google's page."""
    answer = console.post(url, {"understood": "on", "proxy": "", **fields}, follow=True)

    (consent,) = re.findall(r'id="consent" href="([^"]+)"', text(answer))
    return unescape(consent)


def settle(console: Client, answer: HttpResponse) -> HttpResponse:
    """Do the remaining steps, up to one that does not lead on. Returns the last answer."""
    for step in ("project", "quota"):
        answer = console.post(answer.headers["Location"], {"step": step})
        if answer.status_code != 302:
            break
    return answer


def text(answer: HttpResponse) -> str:
    return answer.content.decode()


class TestTheTerms:
    def test_come_before_anything_else(self, console):
        page = text(console.get(CONNECT))

        assert "Google forbids this use and may end the account." in page
        assert "the supported path" in page
        assert page.index('id="terms"') < page.index('id="connect-form"')

    def test_nothing_begins_without_agreeing(self, console):
        answer = console.post(CONNECT, {"proxy": ""})

        assert answer.status_code == 200
        assert "This field is required." in text(answer)
        assert sign_in_sessions.latest(console.session, time.time()) is None

    def test_without_an_oauth_client_the_page_says_how_to_get_one(self, console, settings):
        settings.GOOGLE_OAUTH_TOKEN_URL = "https://oauth2.googleapis.com/token"

        page = text(console.get(CONNECT))

        assert "GOOGLE_OAUTH_CLIENT_ID=" in page
        assert "Desktop app" in page
        assert 'id="connect-form"' not in page
        assert console.post(CONNECT, {"understood": "on"}).status_code == 200

    def test_every_link_out_leads_to_google_and_nothing_is_loaded_from_there(self, console):
        page = text(console.get(CONNECT))

        hosts = {urlsplit(url).hostname for url in re.findall(r'href="(https?://[^"]+)"', page)}
        assert hosts <= {"aistudio.google.com", "github.com", "developers.google.com", "console.cloud.google.com"}
        assert not re.findall(r'src="(?:https?:)?//', page)

    def test_agreed_to_lead_on_to_google(self, console, upstream):
        page = text(console.post(CONNECT, {"understood": "on"}, follow=True))

        assert f'<meta http-equiv="refresh" content="0; url={upstream.authorize_url}?' in page


class TestConnecting:
    def test_leads_through_google_to_the_accounts_page(self, upstream, console, consent):
        upstream.add_account("alice@example.com", tier="g1-pro-tier", project="alices-project")

        answer = settle(console, console.get(consent(begin(console))))

        account = Account.objects.get()
        assert answer.headers["Location"] == reverse("admin:accounts_app_account_change", args=[account.pk])
        assert (account.email, account.project, account.tier) == ("alice@example.com", "alices-project", "g1-pro-tier")
        assert account.quota
        assert account.credential.refresh_token.startswith("1//")
        assert "alice@example.com is connected; its tier is g1-pro-tier." in text(console.get("/admin/"))

    def test_asks_with_pkce_a_state_and_a_loopback_literal(self, console):
        asked = {name: values[0] for name, values in parse_qs(urlsplit(begin(console)).query).items()}

        assert asked["code_challenge_method"] == "S256"
        assert len(asked["code_challenge"]) == 43
        assert len(asked["state"]) >= 43
        assert asked["redirect_uri"] == f"http://{HERE}{CALLBACK}"
        assert (asked["access_type"], asked["prompt"]) == ("offline", "consent")

    def test_a_new_account_is_signed_up(self, upstream, console, consent):
        upstream.add_account("new@example.com", onboarded=False, project="made-for-new")

        settle(console, console.get(consent(begin(console), "new@example.com")))

        assert Account.objects.get().project == "made-for-new"
        assert upstream.requests_of("onboardUser")

    def test_an_account_google_lets_in_nowhere_is_told_with_every_reason_and_link(self, upstream, console, consent):
        upstream.add_account("eve@example.com", ineligible=["VALIDATION_REQUIRED", "UNSUPPORTED_LOCATION"])

        page = text(settle(console, console.get(consent(begin(console), "eve@example.com"))))

        assert "Verify your account to continue." in page
        assert 'href="https://accounts.google.example/verify?plt=emulator"' in page
        assert "Your current location is not supported." in page
        assert "Try again" in page
        assert Account.objects.get().parked == "verify"

    def test_once_that_is_fixed_trying_again_takes_the_account_into_service(self, upstream, console, consent):
        upstream.add_account("eve@example.com", ineligible=["VALIDATION_REQUIRED"])
        answer = console.get(consent(begin(console), "eve@example.com"))
        settle(console, answer)
        tokens = Credential.objects.get()
        upstream.add_account(
            "eve@example.com", refresh_token=tokens.refresh_token, access_token=tokens.access_token, project="eves"
        )

        settle(console, answer)

        assert (Account.objects.get().parked, Account.objects.get().project) == ("", "eves")

    def test_a_signed_in_account_is_stored_though_google_falls_silent_then(self, upstream, console, consent):
        upstream.script("unavailable", method="loadCodeAssist", times=None)
        answer = console.get(consent(begin(console)))

        page = text(console.post(answer.headers["Location"], {"step": "project"}))

        assert "The account is stored." in page
        assert Credential.objects.get().refresh_token

    def test_a_missing_quota_does_not_keep_an_account_out(self, upstream, console, consent):
        for method in ("fetchAvailableModels", "retrieveUserQuota"):
            upstream.script("unavailable", method=method, times=None)

        settle(console, console.get(consent(begin(console))))

        assert "alice@example.com is connected. Its quota is not known yet" in text(console.get("/admin/"))

    def test_what_is_missing_is_asked_for_again_by_opening_the_page_again(self, console, consent):
        steps = console.get(consent(begin(console))).headers["Location"]

        for _ in range(2):
            assert "data-submits-itself" in text(console.get(steps))
            assert console.post(steps, {"step": "project"}).status_code == 302

    def test_is_logged_without_a_secret(self, console, consent, olga):
        console.get(consent(begin(console)))

        entry = LogEntry.objects.get()
        assert (entry.user, entry.object_repr) == (olga, "alice@example.com")
        assert entry.get_change_message() == "Connected by signing in at Google."

    def test_goes_through_a_proxy_from_the_first_request_on(self, console, consent):
        begun = begin(console, proxy="http://name:hunter2@127.0.0.1:1")

        page = text(console.get(consent(begun)))

        assert "cannot be reached" in page
        assert "hunter2" not in page
        assert "hunter2" not in str(dict(console.session))
        assert not Account.objects.exists()


class TestAClosedTab:
    async def test_loses_nothing_that_google_has_given(self, upstream, consent):
        """A code is good only once: its exchange goes on when the browser has left."""
        sign_in = sign_in_sessions.SignIn("state", "verifier" * 8, "http://127.0.0.1:1/", time.time())
        code = parse_qs(urlsplit(consent(sign_in_sessions.consent_url(sign_in))).query)["code"][0]
        rights, recorded = signing_in.Rights(add=True, change=True), asyncio.Event()
        loop = asyncio.get_running_loop()

        def record(connected: signing_in.Connected) -> None:
            loop.call_soon_threadsafe(recorded.set)

        view = asyncio.create_task(signing_in.complete(sign_in, code, time.time(), rights=rights, record=record))
        await asyncio.to_thread(upstream.wait_for_requests, 1, call="token")
        view.cancel()

        await asyncio.wait_for(recorded.wait(), 5)
        assert view.cancelled()
        await signing_in.finish()
        assert await in_database(Account.objects.get) is not None
        await http_client.close_all()

    async def test_does_not_end_a_sign_up_and_a_second_one_joins_it(self, upstream, known):
        account = await known("new", project="", at_google={"onboarded": False, "pending_polls": 5, "project": "p-new"})

        first = asyncio.create_task(setup.run_step(account.id, Step.PROJECT, time.time(), poll_seconds=0.05))
        await asyncio.to_thread(upstream.wait_for_requests, 1, call="onboardUser")
        first.cancel()
        outcome = await setup.run_step(account.id, Step.PROJECT, time.time())

        assert outcome == SetupResult()
        assert len(upstream.requests_of("onboardUser")) == 1
        assert (await row_of(account)).project == "p-new"


class TestReconnecting:
    def test_re_enables_the_account_and_keeps_its_settings(self, upstream, console, consent):
        account = make_account(
            enabled=False, parked="sign_in", parked_message="Sign in again.", priority=7, allowed_models=["gemini-*"]
        )
        Rest.objects.create(account=account, until=timezone.now() + timedelta(hours=3))
        upstream.add_account("alice@example.com", project="my-project")

        settle(console, console.get(consent(begin(console))))

        again = Account.objects.get()
        assert (again.pk, again.enabled, again.parked, again.parked_message) == (account.pk, True, "", "")
        assert (again.priority, again.allowed_models) == (7, ["gemini-*"])
        assert again.credential.refresh_token.startswith("1//")
        assert Rest.objects.get().until is None
        assert LogEntry.objects.get().get_change_message() == "Signed in at Google again, and re-enabled."

    def test_from_its_own_page_hints_whom_to_choose(self, console):
        account = make_account(parked="sign_in")
        url = reverse("admin:accounts_app_account_sign_in_again", args=[account.pk])

        page = text(console.get(reverse("admin:accounts_app_account_change", args=[account.pk])))
        begun = begin(console, url)

        assert f'href="{url}"' in page
        assert parse_qs(urlsplit(begun).query)["login_hint"] == ["alice@example.com"]

    def test_as_someone_else_changes_nothing(self, console, consent):
        account = make_account(parked="sign_in")
        begun = begin(console, reverse("admin:accounts_app_account_sign_in_again", args=[account.pk]))

        page = text(console.get(consent(begun, "bob@example.com")))

        assert "You signed in as bob@example.com, not as alice@example.com." in page
        assert Account.objects.get().parked == "sign_in"

    def test_is_not_for_api_keys(self, console):
        key = make_account("spare key", kind="gemini_api", refresh_token="")

        answer = console.get(reverse("admin:accounts_app_account_sign_in_again", args=[key.pk]), follow=True)

        assert "Only a Google account is signed in to." in text(answer)


class TestTheCallback:
    def refused(self, console: Client, url: str) -> str:
        answer = console.get(url)

        assert answer.status_code == 400
        assert not Account.objects.exists()
        assert not LogEntry.objects.exists()
        return text(answer)

    def test_is_good_once(self, upstream, console, consent):
        callback = consent(begin(console))
        console.get(callback)
        Account.objects.all().delete()
        LogEntry.objects.all().delete()

        assert "is used up" in self.refused(console, callback)
        assert len(upstream.requests_of("token")) == 1

    def test_is_bound_to_the_session_that_began(self, upstream, console, consent, olga):
        callback = consent(begin(console))

        assert "not begun in this session" in self.refused(browser_of(olga), callback)
        assert not upstream.requests_of("token")

    def test_comes_within_ten_minutes(self, console, consent):
        session = console.session
        address = sign_in_sessions.return_address("http", HERE, CALLBACK)
        begun = sign_in_sessions.begin(session, address, time.time() - sign_in_sessions.LIFE_SECONDS - 1)
        session.save()

        assert "more than ten minutes old" in self.refused(console, consent(sign_in_sessions.consent_url(begun)))

    @pytest.mark.parametrize("query", ["", "?code=4/0Aabcdefgh", "?state=made-up&code=4/0Aabcdefgh", "?error=oops"])
    def test_without_a_known_state_is_refused(self, console, query):
        begin(console)

        assert "not begun in this session" in self.refused(console, CALLBACK + query)

    def test_with_a_code_of_another_sign_in_fails_at_google(self, console, consent):
        """PKCE: a code stolen from one browser is worth nothing in another."""
        first, second = consent(begin(console)), consent(begin(console))
        state = parse_qs(urlsplit(second).query)["state"][0]
        code = parse_qs(urlsplit(first).query)["code"][0]

        page = text(console.get(CALLBACK, {"state": state, "code": code}))

        assert "Google did not accept the code" in page
        assert code not in page

    def test_tells_that_access_was_denied(self, console, consent):
        assert "Access was not granted at Google" in self.refused(console, consent(begin(console), allow=False))

    def test_shows_googles_errors_as_text(self, console):
        state = parse_qs(urlsplit(begin(console)).query)["state"][0]
        wicked = "<script>alert(1)</script>"

        answer = console.get(CALLBACK, {"state": state, "error": "strange", "error_description": wicked})

        assert "Google says: strange: &lt;script&gt;" in text(answer)
        assert wicked not in text(answer)

    def test_without_a_refresh_token_says_what_to_do(self, upstream, console, consent):
        token = upstream.add_account("alice@example.com").access_token
        upstream.script(json_reply({"access_token": token, "expires_in": 3599}), method="token")

        page = self.refused(console, consent(begin(console)))

        assert "Google gave no refresh token" in page
        assert 'href="https://myaccount.google.com/permissions"' in page

    def test_without_the_scope_that_matters_says_so(self, upstream, console, consent):
        found = {"access_token": "ya29.x", "refresh_token": "1//x", "scope": "openid", "expires_in": 3599}
        upstream.script(json_reply(found), method="token")

        assert "was not ticked" in self.refused(console, consent(begin(console)))

    def test_tells_when_google_cannot_be_reached(self, console, consent, settings):
        callback = consent(begin(console))
        settings.GOOGLE_OAUTH_TOKEN_URL = "http://127.0.0.1:1/token"

        assert "127.0.0.1 cannot be reached" in self.refused(console, callback)

    def test_of_a_console_opened_as_localhost_goes_back_there(self, olga, consent):
        console = browser_of(olga, "localhost:8045")
        begun = begin(console)
        callback = consent(begun)

        assert parse_qs(urlsplit(begun).query)["redirect_uri"] == [f"http://{HERE}{CALLBACK}"]
        sent_on = Client(headers={"host": HERE}).get(callback)
        assert sent_on.headers["Location"] == f"http://localhost:8045{callback}"
        assert console.get(callback).status_code == 302
        assert Account.objects.exists()

    def test_of_a_stranger_leads_to_the_login_without_its_code(self, consent, console):
        answer = Client(headers={"host": HERE}).get(consent(begin(console)))

        assert answer.headers["Location"] == f"/admin/login/?next={CONNECT}"

    def test_is_not_for_posting(self, console):
        assert console.post(CALLBACK).status_code == 405


class TestPasting:
    @pytest.fixture
    def elsewhere(self, olga: User, settings) -> Client:
        """A console that is not open on the gateway's own machine."""
        settings.ALLOWED_HOSTS = ["gateway.example.com", "127.0.0.1"]
        return browser_of(olga, "gateway.example.com")

    def test_the_whole_address_connects(self, elsewhere, consent):
        callback = consent(begin(elsewhere))

        answer = elsewhere.post(PASTE, {"pasted": f"  http://{HERE}{callback}\n"})

        assert answer.status_code == 302
        assert Account.objects.get().email == "alice@example.com"

    def test_the_bare_code_connects(self, elsewhere, consent):
        code = parse_qs(urlsplit(consent(begin(elsewhere))).query)["code"][0]

        assert elsewhere.post(PASTE, {"pasted": code}).status_code == 302
        assert Account.objects.exists()

    def test_google_is_told_a_loopback_address_all_the_same(self, elsewhere):
        begun = begin(elsewhere)

        assert parse_qs(urlsplit(begun).query)["redirect_uri"] == [f"http://{HERE}{CALLBACK}"]

    def test_on_the_gateways_own_machine_it_is_a_choice(self, console, elsewhere):
        for browser, fields in ((console, {"by_hand": "1"}), (elsewhere, {})):
            page = text(browser.post(CONNECT, {"understood": "on", **fields}, follow=True))

            assert "http-equiv" not in page
            assert "Copy the whole address" in page

    def test_nonsense_is_told_and_may_be_tried_again(self, elsewhere, consent):
        callback = consent(begin(elsewhere))

        page = text(elsewhere.post(PASTE, {"pasted": "what code?"}))

        assert "There is no code in this." in page
        assert elsewhere.post(PASTE, {"pasted": callback}).status_code == 302

    @pytest.mark.parametrize("secret", ["1//0gTok-en_1234", "AIzaSyExample1234", "AQ.Ab8RN6Kx9zQ1w2E3"])
    def test_a_secret_that_is_no_code_is_told_and_sent_nowhere(self, secret, elsewhere, upstream):
        begin(elsewhere)

        page = text(elsewhere.post(PASTE, {"pasted": f" {secret}\n"}))

        assert "not the address that your browser ended up at" in page
        assert secret not in page
        assert not [request for request in upstream.requests if secret in request.body.decode()]

    def test_an_address_of_another_session_is_refused(self, elsewhere, consent, olga, settings):
        callback = consent(begin(elsewhere))
        other = browser_of(olga, "gateway.example.com")
        begin(other)

        assert "not begun in this session" in text(other.post(PASTE, {"pasted": callback}))
        assert not Account.objects.exists()

    def test_a_denial_is_told(self, elsewhere, consent):
        callback = consent(begin(elsewhere), allow=False)

        assert "Access was not granted" in text(elsewhere.post(PASTE, {"pasted": callback}))

    def test_nothing_begun_leads_to_the_start(self, console):
        assert console.get(PASTE).headers["Location"] == CONNECT


class TestRights:
    def staff(self, *rights: str) -> Client:
        user = User.objects.create_user("ivan", is_staff=True)
        user.user_permissions.set(Permission.objects.filter(codename__in=rights))
        return browser_of(user)

    def test_without_any_there_is_no_page(self, upstream):
        console = self.staff()
        account = make_account()

        assert console.get(CONNECT).status_code == 403
        assert console.post(CONNECT, {"understood": "on"}).status_code == 403
        for name in ("setup", "sign_in_again"):
            assert console.get(reverse(f"admin:accounts_app_account_{name}", args=[account.pk])).status_code == 403

    def test_adding_is_not_changing(self, upstream, consent):
        console = self.staff("add_account", "view_account")
        make_account(parked="sign_in")

        page = text(console.get(consent(begin(console))))

        assert "You may not change alice@example.com" in page
        assert Account.objects.get().parked == "sign_in"

    def test_rights_taken_away_meanwhile_count(self, upstream, consent):
        console = self.staff("add_account")
        callback = consent(begin(console))
        User.objects.get(username="ivan").user_permissions.clear()

        assert "You may not add accounts" in text(console.get(callback))
        assert not Account.objects.exists()

    def test_strangers_are_sent_to_the_login(self, upstream):
        stranger = Client(headers={"host": HERE})

        for url in (CONNECT, PASTE, reverse("admin:accounts_app_account_setup", args=[1])):
            assert stranger.get(url).headers["Location"].startswith("/admin/login/")

    def test_nothing_begins_from_another_site(self, olga):
        console = Client(headers={"host": HERE}, enforce_csrf_checks=True)
        console.force_login(olga)

        assert console.post(CONNECT, {"understood": "on"}).status_code == 403


class TestSecrets:
    def test_none_is_on_a_page_in_the_session_or_in_a_log(self, upstream, console, consent, caplog):
        caplog.set_level("DEBUG")
        begun = begin(console)
        session = str(dict(console.session))
        verifier = sign_in_sessions.latest(console.session, time.time()).verifier
        callback = consent(begun)
        answer = console.get(callback)
        pages = text(console.get(answer.headers["Location"])) + text(settle(console, answer))
        account = Account.objects.get()
        pages += text(console.get(reverse("admin:accounts_app_account_change", args=[account.pk])))
        pages += text(console.get(reverse("admin:accounts_app_account_history", args=[account.pk])))
        asked = {name: values[0] for name, values in parse_qs(urlsplit(begun).query).items()}
        code = parse_qs(urlsplit(callback).query)["code"][0]

        assert asked["state"] not in session
        for secret in (code, verifier, account.credential.refresh_token, account.credential.access_token):
            assert secret not in pages
            assert secret not in session
            assert secret not in caplog.text
