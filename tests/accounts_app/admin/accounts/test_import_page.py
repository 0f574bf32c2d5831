"""Accounts imported and exported in the console: every line is reported, nothing added twice, no secret shown."""

import json
import re
from dataclasses import replace

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts_app.admin.accounts import import_page
from accounts_app.models import Account, Credential
from emulator import Emulator, dead_address
from emulator.wire.replies import json_reply
from tests.factories import make_account

IMPORT = reverse("admin:accounts_app_account_take_in")
BIT = reverse("admin:accounts_app_account_import_bit")
LIST = reverse("admin:accounts_app_account_changelist")
ALICE, BOB = "alice@example.com,1//alice-secret", "bob@example.com,1//bob-secret"


def browser_of(user: User) -> Client:
    browser = Client(headers={"host": "localhost"})
    browser.force_login(user)
    return browser


@pytest.fixture
def console(upstream: Emulator) -> Client:
    return browser_of(User.objects.create_superuser("olga"))


def staff(*rights: str) -> Client:
    user = User.objects.create_user("ivan", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=rights))
    return browser_of(user)


def bit(console: Client, *texts: str, skip: int = 0, ask: int = 1) -> dict:
    """One request of the page's script; texts after the first are files."""
    sources = [{"name": f"file{number}.json" if number else "", "text": text} for number, text in enumerate(texts)]
    answer = console.post(BIT, {"sources": json.dumps(sources), "skip": skip, "ask": ask})

    assert answer.status_code == 200
    return answer.json()


def told(answer: dict) -> list[tuple[str, str, str]]:
    return [(line["place"], line["name"], line["result"]) for line in answer["lines"]]


class TestABit:
    def test_reports_every_line_and_a_bad_one_does_not_stop_the_others(self, console):
        answer = bit(console, f"{ALICE}\nnothing to see here\n{BOB}")

        assert told(answer) == [
            ("line 1", "alice@example.com", "added"),
            ("line 2", "", "refused"),
            ("line 3", "bob@example.com", "added"),
        ]
        assert answer["lines"][1]["why"] == "neither a refresh token (1//…) nor an API key (AIza…, AQ.…)"
        assert answer["total"] == 3
        assert Credential.objects.count() == 2

    def test_goes_on_where_the_last_one_ended(self, console):
        answer = bit(console, f"{ALICE}\n{BOB}", skip=1)

        assert told(answer) == [("line 2", "bob@example.com", "added")]
        assert answer["total"] == 2

    def test_ends_after_a_while_though_more_is_to_come(self, upstream, console):
        tokens = [upstream.add_account(f"user{number}@example.com").refresh_token for number in range(3)]
        slow = replace(json_reply({"email": "user0@example.com"}), delay=import_page.BATCH_SECONDS)
        upstream.script(slow, method="userinfo", times=None)

        answer = bit(console, "\n".join(tokens))

        assert told(answer) == [("line 1", "user0@example.com", "added")]
        assert answer["total"] == 3

    def test_sent_twice_adds_no_account_twice(self, console):
        bit(console, ALICE)

        assert told(bit(console, ALICE)) == [("line 1", "alice@example.com", "known")]
        assert Account.objects.count() == 1

    def test_a_new_token_takes_a_known_account_back_into_service(self, console):
        make_account(parked="sign_in", priority=7)

        assert told(bit(console, ALICE)) == [("line 1", "alice@example.com", "updated")]
        account = Account.objects.get()
        assert (account.parked, account.priority) == ("", 7)
        assert account.credential.refresh_token == "1//alice-secret"

    def test_many_files_are_told_apart(self, console):
        gemini_cli = json.dumps({"refresh_token": "1//one", "access_token": "ya29.x", "expiry_date": 1})
        exported = json.dumps([{"email": "bob@example.com", "refresh_token": "1//two"}])

        answer = bit(console, ALICE, gemini_cli, exported, ask=0)

        assert [line["place"] for line in answer["lines"]] == ["line 1", "file1.json entry 1", "file2.json entry 1"]
        assert Account.objects.count() == 3

    def test_asks_google_for_the_account_of_a_token(self, upstream, console):
        token = upstream.add_account("carol@example.com").refresh_token

        assert told(bit(console, token)) == [("line 1", "carol@example.com", "added")]

    def test_says_when_google_does_not_answer_so_that_the_next_one_need_not_ask(self, upstream, console, settings):
        settings.GOOGLE_OAUTH_TOKEN_URL = f"{dead_address()}/token"

        assert bit(console, "1//one")["ask"] == 0
        assert bit(console, "1//one\n1//two", skip=1, ask=0)["ask"] == 0
        assert Account.objects.count() == 2
        assert not upstream.requests_of("token")

    def test_a_token_google_refuses_is_told_in_words(self, upstream, console):
        token = upstream.add_account("carol@example.com").refresh_token
        upstream.revoke("carol@example.com")

        (line,) = bit(console, token)["lines"]

        assert line["result"] == "refused"
        assert "Sign in again" in line["why"]

    def test_is_logged_with_each_account_without_a_secret(self, console):
        make_account()
        bit(console, f"{ALICE}\n{BOB}\nnonsense here")

        entries = {entry.object_repr: entry.get_change_message() for entry in LogEntry.objects.all()}
        assert entries == {
            "alice@example.com": "Imported: a new token, and back in service.",
            "bob@example.com": "Imported.",
        }

    @pytest.mark.parametrize("sources", ["", "{}", '[{"text": 1}]', "[[[["])
    def test_nonsense_is_refused(self, console, sources):
        assert console.post(BIT, {"sources": sources}).status_code == 400

    def test_a_file_nested_too_deep_is_only_a_bad_file(self, console):
        assert told(bit(console, "[" * 100_000)) == [("line 1", "", "refused")]

    @pytest.mark.parametrize("skip", ["-1", "99"])
    def test_a_place_that_is_none_does_no_harm(self, console, skip):
        answer = console.post(BIT, {"sources": json.dumps([{"name": "", "text": ALICE}]), "skip": skip})

        assert answer.status_code == 200


class TestThePage:
    def test_warns_and_shows_no_other_host(self, console):
        page = console.get(IMPORT).content.decode()

        assert "Google forbids this use of Google accounts" in page
        assert not re.findall(r'(?:src|href)="(?:https?:)?//', page)

    def test_works_without_javascript(self, console):
        file = SimpleUploadedFile("more.json", b'[{"email": "bob@example.com", "refresh_token": "1//bob-secret"}]')

        page = console.post(IMPORT, {"text": f"{ALICE}\nnothing to see here", "files": [file]}).content.decode()

        for words in ("alice@example.com", "bob@example.com", "more.json entry 1", "neither a refresh token", "3 / 3"):
            assert words in page
        assert page.count("cn-result-added") == 3  # the total and both lines
        assert Account.objects.count() == 2

    def test_a_file_that_is_no_text_is_told_and_the_others_are_read(self, console):
        file = SimpleUploadedFile("state.vscdb", b"SQLite format 3\x00\xff\xfe")

        page = console.post(IMPORT, {"text": ALICE, "files": [file]}, follow=True).content.decode()

        assert "state.vscdb is not text." in page
        assert Account.objects.count() == 1

    def test_nothing_in_it_is_told(self, console):
        assert "There is no account in this." in console.post(IMPORT, {"text": " "}).content.decode()

    def test_names_and_reasons_are_shown_as_text(self, console):
        wicked = "<script>alert(1)</script>"
        file = SimpleUploadedFile(f"{wicked}.json", b'[{"email": "x", "refresh_token": "a b"}]')

        page = console.post(
            IMPORT, {"text": json.dumps([{"label": wicked, "api_key": "AIzaX"}]), "files": [file]}
        ).content.decode()

        assert wicked not in page
        assert "&lt;script&gt;" in page

    def test_no_secret_comes_back(self, console, caplog):
        caplog.set_level("DEBUG")
        text = f"{ALICE}\nAIzaSySecretSecret\ncarol@example.com 1//carol secret\n" + '{"email": 7, "refresh_token": 8}'

        page = console.post(IMPORT, {"text": text}).content.decode() + json.dumps(bit(console, text))
        page += console.get(LIST).content.decode()

        for secret in ("1//alice-secret", "AIzaSySecretSecret", "1//carol"):
            assert secret not in page
            assert secret not in caplog.text

    @pytest.mark.parametrize("rights", [(), ("view_account",), ("add_account",), ("change_account", "view_account")])
    def test_takes_the_right_to_add_and_to_change(self, upstream, rights):
        ivan = staff(*rights)

        assert ivan.get(IMPORT).status_code == 403
        assert ivan.post(IMPORT, {"text": ALICE}).status_code == 403
        assert ivan.post(BIT, {"sources": "[]"}).status_code == 403
        assert not Account.objects.exists()

    def test_is_not_for_strangers_or_other_sites(self, console):
        stranger = Client(headers={"host": "localhost"})
        elsewhere = Client(headers={"host": "localhost"}, enforce_csrf_checks=True)
        elsewhere.force_login(User.objects.get(username="olga"))

        for url in (IMPORT, BIT):
            assert stranger.post(url).headers["Location"].startswith("/admin/login/")
            assert elsewhere.post(url, {"text": ALICE}).status_code == 403
        assert console.get(BIT).status_code == 405


class TestExport:
    def ask(self, console: Client, *accounts: Account, **fields: str):
        form = {"action": "export", "_selected_action": [account.pk for account in accounts], **fields}
        return console.post(LIST, form)

    def test_asks_first_and_shows_no_secret(self, console):
        alice = make_account(refresh_token="1//alice-secret")

        page = self.ask(console, alice).content.decode()

        assert "The file holds refresh tokens and API keys in the clear." in page
        assert "alice@example.com" in page
        assert "1//alice-secret" not in page
        assert not LogEntry.objects.exists()

    def test_gives_a_file_of_those_chosen_that_imports_again(self, console):
        alice, bob = make_account(refresh_token="1//alice-secret"), make_account("bob@example.com")
        key = make_account("spare key", kind="gemini_api", refresh_token="", access_token="AIzaKey", project="")

        answer = self.ask(console, alice, key, confirmed="1")

        assert answer.json() == [
            {"email": "alice@example.com", "refresh_token": "1//alice-secret"},
            {"kind": "gemini_api", "email": "spare key", "api_key": "AIzaKey"},
        ]
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert "no-store" in answer.headers["Cache-Control"]
        Account.objects.exclude(pk=bob.pk).delete()
        assert [line[2] for line in told(bit(console, answer.content.decode()))] == ["added", "added"]

    def test_all_of_a_long_list_are_exported(self, console):
        first = make_account()
        for number in range(60):
            make_account(f"user{number}@example.com")

        page = self.ask(console, first, select_across="1").content.decode()
        answer = self.ask(console, first, select_across="1", confirmed="1")

        assert "61 accounts" in page
        assert len(answer.json()) == 61

    def test_is_logged_with_each_account(self, console):
        alice = make_account(refresh_token="1//alice-secret")

        self.ask(console, alice, confirmed="1")

        entry = LogEntry.objects.get()
        assert (entry.object_repr, entry.get_change_message()) == ("alice@example.com", "Exported, with its secrets.")

    def test_is_a_right_of_its_own(self, upstream):
        alice = make_account(refresh_token="1//alice-secret")
        ivan = staff("view_account", "change_account", "add_account", "delete_account")

        answer = self.ask(ivan, alice, confirmed="1")

        assert "1//alice-secret" not in answer.content.decode()
        assert "export" not in ivan.get(LIST).content.decode().split('name="action"')[-1].split("</select>")[0]
        assert not LogEntry.objects.exists()
