"""The database of release 0.1.0 works with this version: everything in it is used once."""

from __future__ import annotations

import contextlib
import html
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from django.utils import translation
from django_otp.oath import TOTP

from accounts_app.status.labels import outcome_label
from accounts_app.status.translate import translated
from emulator import Emulator
from tests import postgres, release_0_1_0
from tests.factories import a_prompt
from tests.live.running import ROOT, Gateway, wait_until
from tests.release_0_1_0 import CLIENT_KEY, OUTCOMES, SAID, SENTENCES

pytestmark = [pytest.mark.live, pytest.mark.any_database]

Call = Callable[..., httpx.Response]

ROUTES, LOG = "/admin/accounts_app/modelroute/", "/admin/proxy_app/usagerecord/"
BENS_PHONE = b"12345678901234567890"
REFUSED_ONCE = "01a21f427b5b7caaa7cfa69fa0744da2"  # bob had no quota left, alice answered
ADDRESSES = [line.split() for line in (release_0_1_0.HERE / "addresses.txt").read_text().splitlines()]


class Operator:
    """An operator's browser, after one attempt to sign in to the console."""

    def __init__(self, http: httpx.Client, name: str, password: str, code: str = "") -> None:
        self.http = http
        self.http.get("/admin/login/")
        self.signed_in = self.post("/admin/login/", username=name, password=password, otp_token=code).status_code == 302

    def get(self, path: str, **cookies: str) -> httpx.Response:
        cookie = "; ".join(f"{name}={value}" for name, value in {**self.http.cookies, **cookies}.items())
        return self.http.get(path, headers={"cookie": cookie})

    def page(self, path: str, **cookies: str) -> str:
        """The text of a page, which must exist."""
        answer = self.get(path, **cookies)
        assert answer.status_code == 200, f"{path}: {answer.status_code}"
        return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", answer.text)).split())

    def post(self, path: str, **fields: str) -> httpx.Response:
        token = self.http.cookies["gateway_csrf"]
        return self.http.post(path, data={**fields, "csrfmiddlewaretoken": token}, headers={"referer": path})


@pytest.fixture(scope="module")
def google() -> Iterator[Emulator]:
    """With 0.1.0's accounts; bob's owner has not yet done what Google asks for."""
    with Emulator() as running:
        for name in ("alice", "bob"):
            running.add_account(f"{name}@example.com", refresh_token=f"1//refresh-of-{name}")
        running.add_account("studio@example.com", api_key="AIzaEmulated")
        running.script("validation_required", account="bob@example.com", times=None)
        yield running


@pytest.fixture(scope="module")
def gateway(google: Emulator) -> Iterator[Gateway]:
    with tempfile.TemporaryDirectory(prefix="gateway-0.1.0-") as folder:
        database = release_0_1_0.place(Path(folder))
        # With the data directory alone, the gateway uses SQLite and the keys in it.
        environment = {"GATEWAY_DATA_DIR": folder, "GATEWAY_MAX_WAIT": "0"}
        if server := postgres.given():
            environment["DATABASE_URL"] = postgres.create_beside(server)
            copying = [sys.executable, "-m", "tests.release_0_1_0", str(database)]
            variables = Gateway(google, environment).variables()
            subprocess.run(copying, cwd=ROOT, env=variables, check=True, capture_output=True)
            database.unlink()
        with Gateway(google, environment) as gateway:
            yield gateway.start()


@pytest.fixture(scope="module")
def browsers(gateway: Gateway) -> Iterator[Callable[[], httpx.Client]]:
    """Makes HTTP clients of the gateway, each with cookies of its own."""
    with contextlib.ExitStack() as opened:
        yield lambda: opened.enter_context(httpx.Client(base_url=gateway.url, trust_env=False, timeout=60))


@pytest.fixture(scope="module")
def admin(browsers: Callable[[], httpx.Client]) -> Operator:
    return Operator(browsers(), "admin", "correct-horse-battery")


@pytest.fixture(scope="module")
def ada(browsers: Callable[[], httpx.Client]) -> Operator:
    return Operator(browsers(), "ada", "ada-correct-horse")


@pytest.fixture(scope="module")
def ben(browsers: Callable[[], httpx.Client]) -> Operator:
    totp = TOTP(BENS_PHONE)
    totp.time = time.time()
    return Operator(browsers(), "ben", "ben-correct-horse", f"{totp.token():06d}")


@pytest.fixture(scope="module")
def call(browsers: Callable[[], httpx.Client]) -> Call:
    http = browsers()

    def ask(text: str, model: str = "gemini-2.5-pro", key: str = CLIENT_KEY) -> httpx.Response:
        url = f"/v1beta/models/{model}:generateContent"
        return http.post(url, json=a_prompt(text), headers={"x-goog-api-key": key})

    return ask


class TestOperators:
    def test_sign_in_with_their_passwords(self, admin: Operator, ada: Operator):
        assert admin.signed_in
        assert ada.signed_in

    def test_with_a_second_factor_need_it(self, browsers: Callable[[], httpx.Client], ben: Operator):
        assert not Operator(browsers(), "ben", "ben-correct-horse").signed_in
        assert ben.signed_in

    def test_have_the_rights_they_had_and_no_others(self, ada: Operator, ben: Operator):
        route, captured = f"{ROUTES}1/change/", "/admin/proxy_app/capturedcall/4/change/"

        assert [ada.get(page).status_code for page in (route, LOG, captured)] == [200, 200, 403]
        assert [ben.get(page).status_code for page in (route, LOG, captured)] == [403, 200, 200]
        assert ada.get("/admin/auth/user/").status_code == 403

    def test_find_every_page_at_its_address(self, admin: Operator):
        found = [(status, path, *to) for status, path, *to in ADDRESSES]

        given = []
        for _, path, *_ in found:
            answer = admin.get(path)
            given.append((f"{answer.status_code}", path, *filter(None, [answer.headers.get("location")])))

        assert given == found

    def test_undo_and_restore_what_is_in_the_history(self, call: Call, google: Emulator, ada: Operator):
        assert "gemini-2.5-flash-lite" in ada.page(f"{ROUTES}1/history/")

        ada.post(f"{ROUTES}1/history/4/before/")
        ada.post(f"{ROUTES}removed/5/")

        assert "old" in ada.page(ROUTES).split()
        wait_until(lambda: call("Which model?", "fast").is_success and google.calls[-1].model == "gemini-2.5-flash")


class TestAccounts:
    def test_answer_with_the_tokens_and_keys_they_had(self, call: Call, google: Emulator):
        before = len(google.calls)

        statuses = {call(f"Tell me about {number}.").status_code for number in range(12)}

        assert statuses == {200}
        assert {seen.account for seen in google.calls[before:]} == {"alice@example.com", "studio@example.com"}

    def test_that_were_parked_still_are_and_say_why(self, admin: Operator):
        assert "Verify your account to continue." in admin.page("/admin/accounts_app/account/3/change/")

    def test_cool_down_until_the_time_that_was_told(self, call: Call, gateway: Gateway, google: Emulator):
        before = len(google.calls)

        for number in range(12):
            call(f"Tell me about {number}.", "gemini-2.0-flash", gateway.key)

        assert {seen.account for seen in google.calls[before:]} == {"studio@example.com"}


class TestTheClientKey:
    def test_is_kept_to_its_models(self, call: Call):
        assert call("Hello").status_code == 200
        refused = call("Hello", "gemini-2.0-flash")
        assert refused.status_code == 403
        assert refused.json()["error"]["status"] == "PERMISSION_DENIED"

    def test_is_captured(self, call: Call, admin: Operator):
        answer = call("A question never asked before.")

        asked = f"/admin/proxy_app/capturedcall/?q={answer.headers['x-request-id']}"
        wait_until(lambda: "/change/" in admin.get(asked).text)


class TestWhatWasStored:
    def test_captured_calls_are_read(self, ben: Operator):
        page = ben.page("/admin/proxy_app/capturedcall/4/change/")

        assert "Tell me a thing 4" in page
        assert "gemini-2.5-pro" in page

    def test_the_request_log_shows_the_calls_and_why(self, ben: Operator):
        page = ben.page(f"{LOG}call/{REFUSED_ONCE}/")

        assert "You have exhausted your capacity on this model." in page
        assert all(email in page for email in ("alice@example.com", "bob@example.com"))

    def test_settings_are_in_force(self, call: Call, google: Emulator, admin: Operator):
        call("Are you brief?")

        assert google.calls[-1].body["systemInstruction"]["parts"] == [{"text": "Answer briefly."}]
        assert 'value="365"' in admin.get("/admin/accounts_app/gatewaysettings/1/change/").text

    @pytest.mark.parametrize("language", ["en", "zh-hant"])
    def test_its_own_sentences_are_told_in_the_readers_language(self, language: str, ben: Operator):
        page = ben.page(f"{LOG}call/{SAID}/", gateway_language=language)

        with translation.override(language):
            told = [translated(sentence) for sentence in SENTENCES]
            outcomes = [outcome_label(outcome) for outcome in OUTCOMES]
        assert [each for each in (*told, *outcomes) if each not in page] == []
        if language != "en":
            assert [each for each in (*SENTENCES, *OUTCOMES) if each in page] == []
