"""The commands: what they print, store and refuse."""

import io
import json
from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts_app import roster
from accounts_app.api_keys import keys
from accounts_app.models import Account, ApiKey, Credential, GatewaySettings
from accounts_app.models.encryption import new_key
from accounts_app.storage.spool import sealed_file
from accounts_app.storage.spool.sealed_file import SealedFile
from proxy_app.ledger import retention
from proxy_app.models import UsageRecord
from tests.factories import make_account

pytestmark = pytest.mark.django_db


def run(name: str, *arguments: object, **options: object) -> str:
    out = io.StringIO()
    call_command(name, *map(str, arguments), stdout=out, stderr=io.StringIO(), **options)
    return out.getvalue()


def typed(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))


class TestBootstrap:
    def test_the_first_run_prints_each_secret_once(self):
        told = run("bootstrap")

        password = told.split("password ")[1].split()[0]
        key = told.split("API key")[1].split()[0]
        assert get_user_model().objects.get().check_password(password)
        assert ApiKey.objects.get(name="default").digest == keys.digest(key)
        assert list(Account.objects.values_list("kind", "is_demo").order_by("kind")) == [
            ("cloud_code", True),
            ("gemini_api", True),
        ]

    def test_the_second_run_changes_and_prints_nothing(self):
        run("bootstrap")
        before = (
            list(get_user_model().objects.values()),
            list(ApiKey.objects.values()),
            list(Account.objects.values()),
        )

        assert run("bootstrap") == ""
        assert before == (
            list(get_user_model().objects.values()),
            list(ApiKey.objects.values()),
            list(Account.objects.values()),
        )

    def test_a_chosen_key_is_used_and_not_printed(self, settings):
        settings.GATEWAY_API_KEY = "sk-chosen"

        assert "sk-chosen" not in run("bootstrap")
        assert ApiKey.objects.get().digest == keys.digest("sk-chosen")

    def test_a_key_of_two_words_is_refused(self, settings):
        settings.GATEWAY_API_KEY = "two words"

        with pytest.raises(CommandError, match="GATEWAY_API_KEY"):
            run("bootstrap")

    def test_the_environment_gives_the_settings_their_first_values_only(self, settings):
        settings.GATEWAY_AUTH_MODE = "strict"
        run("bootstrap")
        settings.GATEWAY_AUTH_MODE = "off"
        run("bootstrap")

        assert GatewaySettings.objects.get().auth_mode == "strict"

    def test_a_deployment_with_accounts_gets_no_demo(self):
        make_account()

        run("bootstrap")

        assert not Account.objects.filter(is_demo=True).exists()


class TestAddAccount:
    def test_it_prints_the_id_alone(self):
        told = run("add_account", "--email", "Alice@example.com", "--refresh-token", "1//alice", "--project", "p-1")

        account = Account.objects.get()
        assert told == f"{account.pk}\n"
        assert (account.kind, account.email, account.project) == ("cloud_code", "alice@example.com", "p-1")

    def test_an_access_token_comes_with_its_time(self):
        run(
            "add_account", "--kind=cloud_code", "--email=a@example.com", "--refresh-token=r", "--access-token=t",
            "--expires-in=600",
        )  # fmt: skip

        credential = Credential.objects.get()
        assert credential.access_token == "t"
        assert timedelta(minutes=9) < credential.expires_at - timezone.now() <= timedelta(minutes=10)

    def test_a_gemini_api_key_has_a_label(self):
        told = run("add_account", "--kind", "gemini_api", "--label", "spare key", "--api-key", "AIzaSyExample")

        assert told == f"{Account.objects.get(kind='gemini_api', email='spare key').pk}\n"

    def test_a_dash_reads_the_secret_from_standard_input(self, monkeypatch):
        typed(monkeypatch, "1//typed\n")

        run("add_account", "--email", "alice@example.com", "--refresh-token", "-")

        assert Credential.objects.get().refresh_token == "1//typed"

    def test_adding_again_keeps_the_id(self):
        first = run("add_account", "--email", "alice@example.com", "--refresh-token", "1//old")

        assert run("add_account", "--email", "alice@example.com", "--refresh-token", "1//new") == first
        assert Credential.objects.get().refresh_token == "1//new"

    @pytest.mark.parametrize(
        "arguments",
        [
            ["--email", "alice@example.com"],
            ["--refresh-token", "1//alice"],
            ["--email", "nobody", "--refresh-token", "1//alice"],
            ["--email", "alice@example.com", "--refresh-token", "1//alice", "--project", "12345"],
            ["--email", "alice@example.com", "--refresh-token", "1//alice", "--expires-in", "60"],
            ["--email", "alice@example.com", "--refresh-token", "1//alice", "--api-key", "AIza"],
            ["--kind", "gemini_api", "--api-key", "AIza"],
            ["--kind", "gemini_api", "--label", "spare", "--api-key", "AIza", "--email", "a@example.com"],
            ["--kind", "carrier_pigeon"],
        ],
    )
    def test_nonsense_is_refused_without_a_row(self, arguments):
        with pytest.raises(CommandError):
            run("add_account", *arguments)

        assert not Account.objects.exists()

    def test_an_account_may_have_a_way_out_of_its_own(self):
        run("add_account", "--email", "a@example.com", "--refresh-token", "1//a", "--proxy", "socks5://u:p@proxy:1080")
        assert Account.objects.get().proxy_url == "socks5://u:p@proxy:1080"

        run("add_account", "--email", "a@example.com", "--refresh-token", "1//b")
        assert Account.objects.get().proxy_url == "socks5://u:p@proxy:1080"

        with pytest.raises(CommandError) as refused:
            run("add_account", "--email", "a@example.com", "--refresh-token", "1//c", "--proxy", "ftp://u:secret@proxy")
        assert "secret" not in str(refused.value)


class TestImportAndExport:
    def test_accounts_come_with_their_proxies_or_get_the_one_that_is_given(self, tmp_path):
        file = tmp_path / "accounts.json"
        alice = {"email": "alice@example.com", "refresh_token": "1//alice", "proxy_url": "http://alices:1"}
        bob = {"email": "bob@example.com", "refresh_token": "1//bob"}
        carol = {"email": "carol@example.com", "refresh_token": "1//carol", "proxy": "carols"}
        file.write_text(json.dumps([alice, bob, carol]))

        told = run("import_accounts", file, "--proxy", "http://theirs:2")

        assert "carol@example.com: rejected: This is not the URL of a proxy." in told
        proxies = {account.email: account.proxy_url for account in Account.objects.all()}
        assert proxies == {"alice@example.com": "http://alices:1", "bob@example.com": "http://theirs:2"}
        assert json.loads(run("export_accounts"))[0] == alice

    def test_progress_and_partial_success_are_printed_line_by_line(self, tmp_path):
        file = tmp_path / "accounts.txt"
        file.write_text("alice@example.com,1//alice\nnothing here\n")

        assert run("import_accounts", file).splitlines() == [
            "1/2 line 1: alice@example.com: added",
            "2/2 line 2: rejected: neither a refresh token (1//…) nor an API key (AIza…, AQ.…)",
            "1 added, 1 rejected",
        ]

    def test_what_one_gateway_exports_another_imports(self, tmp_path):
        file = tmp_path / "accounts.json"
        run("add_account", "--email", "alice@example.com", "--refresh-token", "1//alice")
        run("add_account", "--kind", "gemini_api", "--label", "spare key", "--api-key", "AIzaSyExample")
        run("export_accounts", file)
        exported = json.loads(run("export_accounts"))
        Account.objects.all().delete()

        run("import_accounts", file)

        assert json.loads(run("export_accounts")) == exported == json.loads(file.read_text())
        assert file.stat().st_mode & 0o777 == 0o600

    def test_an_export_writes_over_nothing(self, tmp_path):
        file = tmp_path / "accounts.json"
        file.write_text("mine")

        with pytest.raises(CommandError, match="cannot be written"):
            run("export_accounts", file)

        assert file.read_text() == "mine"

    def test_a_folder_stands_for_the_files_in_it(self, tmp_path):
        for name in ("alice", "bob"):
            (tmp_path / f"{name}.json").write_text(
                json.dumps({"email": f"{name}@example.com", "refresh_token": f"1//{name}"})
            )

        assert "2 added" in run("import_accounts", tmp_path)

    def test_standard_input_is_a_file_too(self, monkeypatch):
        typed(monkeypatch, '[{"email": "alice@example.com", "refresh_token": "1//alice"}]')

        assert "1 added" in run("import_accounts", "-")

    def test_no_secret_is_printed(self, tmp_path):
        file = tmp_path / "accounts.txt"
        file.write_text("alice@example.com,1//hunter2\nbob@example.com hunter2 hunter2\n")

        assert "hunter2" not in run("import_accounts", file)

    @pytest.mark.parametrize("text", ["", "nothing here at all\n"])
    def test_a_file_without_an_account_is_a_failure(self, tmp_path, text):
        file = tmp_path / "accounts.txt"
        file.write_text(text)

        with pytest.raises(CommandError):
            run("import_accounts", file)

    def test_a_file_that_is_not_there_is_a_failure(self, tmp_path):
        with pytest.raises(CommandError, match="cannot be read"):
            run("import_accounts", tmp_path / "accounts.txt")


class TestKeys:
    def test_an_issued_key_is_printed_alone(self):
        key = run("issue_key", "laptop").removesuffix("\n")

        roster.load_now()
        view = keys.verify(key, 0.0)
        roster.reset()
        assert view is not None
        assert view.name == "laptop"

    def test_a_revoked_key_is_off(self):
        run("issue_key", "laptop")

        run("revoke_key", "laptop")

        assert not ApiKey.objects.get().enabled

    def test_an_unknown_key_cannot_be_revoked(self):
        with pytest.raises(CommandError, match="laptop"):
            run("revoke_key", "laptop")


class TestLists:
    def test_accounts_are_listed_without_secrets(self):
        make_account(refresh_token="1//hunter2", proxy_url="http://u:hunter2@proxy.example")
        make_account("bob@example.com", enabled=False, tier="free-tier")

        table, rows = run("list_accounts"), json.loads(run("list_accounts", "--json"))

        assert [line.split("  ")[2:] for line in table.splitlines()] == [
            ["alice@example.com", "-", "ready"],
            ["bob@example.com", "free-tier", "disabled"],
        ]
        assert [row["state"] for row in rows] == ["ready", "disabled"]
        assert "hunter2" not in table + json.dumps(rows)


class TestRotation:
    def test_secrets_move_to_the_first_key(self, settings):
        make_account()
        settings.GATEWAY_ENCRYPTION_KEYS = [new_key(), *settings.GATEWAY_ENCRYPTION_KEYS]

        assert run("rotate_encryption_key") == "2 secrets are under the first key now.\n"

    def test_the_files_of_the_spool_move_too(self, settings, tmp_path):
        settings.GATEWAY_DATA_DIR = tmp_path
        (tmp_path / "spool").mkdir()
        file = SealedFile(tmp_path / "spool" / "7-0123456789abcdef0123456789abcdef")
        file.append(b"text")
        settings.GATEWAY_ENCRYPTION_KEYS = [new_key(), *settings.GATEWAY_ENCRYPTION_KEYS]

        assert "So are 1 files of this node's spool." in run("rotate_encryption_key")
        settings.GATEWAY_ENCRYPTION_KEYS = settings.GATEWAY_ENCRYPTION_KEYS[:1]
        assert b"".join(sealed_file.pieces(file.path)) == b"text"

    def test_a_missing_key_is_named(self, settings):
        make_account()
        settings.GATEWAY_ENCRYPTION_KEYS = [new_key()]

        with pytest.raises(CommandError, match="GATEWAY_ENCRYPTION_KEYS does not have"):
            run("rotate_encryption_key")

    def test_a_new_key_is_one_that_settings_take(self):
        assert len(run("rotate_encryption_key", "--new-key").strip()) == 44


class TestPruning:
    def test_old_entries_go_and_young_ones_stay(self):
        now = timezone.now()
        for days in (0, 5, 100, 200):
            UsageRecord.objects.create(request_id="r", outcome="succeeded", at=now - timedelta(days=days))

        assert run("prune_usage", "--days", 30) == "2 entries deleted.\n"
        assert UsageRecord.objects.count() == 2

    def test_pruning_goes_in_batches(self, django_assert_max_num_queries):
        now = timezone.now()
        UsageRecord.objects.bulk_create(
            UsageRecord(request_id="r", outcome="succeeded", at=now) for _ in range(retention.BATCH * 2 + 1)
        )

        with django_assert_max_num_queries(8):
            assert retention.prune(now + timedelta(seconds=1)) == retention.BATCH * 2 + 1

    def test_nonsense_deletes_nothing(self):
        with pytest.raises(CommandError):
            run("prune_usage", "--days", -1)
