"""The settings as they are read from the environment."""

import base64
import logging
import os
import runpy
import subprocess
import sys
import threading
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from gateway_project.settings.logs import OneLine
from tests.documents import ROOT

KEY = base64.urlsafe_b64encode(b"k" * 32).decode()


@pytest.fixture
def read(monkeypatch, tmp_path):
    """Reads the settings from an environment of given variables alone."""
    for name in list(os.environ):
        if name.startswith(
            ("GATEWAY_", "CLOUD_CODE_", "GEMINI_API_", "GOOGLE_", "DATABASE_", "CACHE_")
        ) or name.lower() in ("https_proxy", "no_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("GATEWAY_ENV_FILE", os.devnull)
    monkeypatch.setenv("GATEWAY_DATA_DIR", str(tmp_path / "var"))

    def read(**variables: str) -> dict[str, Any]:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        return runpy.run_path(str(ROOT / "gateway_project" / "settings" / "__init__.py"))

    return read


def test_nothing_needs_to_be_set(read):
    found = read()

    assert (found["GATEWAY_HOST"], found["GATEWAY_PORT"]) == ("127.0.0.1", 8045)
    assert found["GATEWAY_AUTH_MODE"] == "auto"
    assert found["GATEWAY_MAX_ATTEMPTS"] == 3
    assert found["GATEWAY_MAX_WAIT"] == 10.0
    assert found["CLOUD_CODE_URLS"][0] == "https://cloudcode-pa.googleapis.com"
    assert found["GOOGLE_OAUTH_CLIENT_ID"] == found["GOOGLE_OAUTH_CLIENT_SECRET"] == ""
    assert found["DATA_UPLOAD_MAX_MEMORY_SIZE"] == 100 * 1024 * 1024
    assert found["DEBUG"] is False


NONSENSE = {
    "GATEWAY_HOST": ["http://0.0.0.0", "0.0.0.0:8045", "256.1.1.1", "two words", "[::1", "a..b"],
    "GATEWAY_PORT": ["eighty", "70000", "65536", "-1", "80.5", "8" * 5000, "\uff18\uff10"],
    "GATEWAY_PATH_PREFIX": ["gemini", "/a//b", "/../etc", "/a?b", "/a b", "https://gw.example/a"],
    "GATEWAY_PROXY_URL": [
        "proxy:3128",
        "ftp://proxy:21",
        "http://",
        "socks4://proxy",
        "http://u:p@proxy:0",
        "http://[::1",
    ],
    "HTTPS_PROXY": ["ftp://proxy", "http://a b"],
    "GATEWAY_ENV_FILE": ["/nowhere/at/all", "/"],
    "GATEWAY_MAX_ATTEMPTS": ["0", "21", "three"],
    "GATEWAY_MAX_BODY_MB": ["-1", "0", "1e3"],
    "GATEWAY_BUFFER_MB": ["0", "99", "all"],
    "GATEWAY_SPOOL_MB": ["-1", "some"],
    "GATEWAY_MAX_WAIT": ["soon", "-0.1", "inf", "1_0"],
    "GATEWAY_IDLE_TIMEOUT": ["nan", "-5", "0"],
    "GATEWAY_CONNECT_TIMEOUT": ["0", "20s"],
    "GATEWAY_FIRST_EVENT_TIMEOUT": ["0", "infinity"],
    "GATEWAY_DRAIN_SECONDS": ["-1", "99999999"],
    "GATEWAY_AUTH_MODE": ["on", "STRICT", "auto,off"],
    "GATEWAY_DEBUG": ["perhaps", "2"],
    "GATEWAY_API_KEY": ["two words", "schlüssel", "a,b"],
    "GATEWAY_ALLOWED_HOSTS": [
        "gw.example.com:8045",
        "[::1]:8045",
        "https://gw.example.com",
        "gw.example.com/console",
        "*.example.com",
        "a,b c",
        ",",
    ],
    "GATEWAY_CORS_ORIGINS": [
        "example.com",
        "https://app.example.com/chat",
        "https://*.example.com",
        "https://user@app.example.com",
        "https://app.example.com:99999",
        "https://",
        "://x",
        "javascript:alert(1)",
        ", ,",
    ],
    "GATEWAY_TRUSTED_PROXIES": ["proxy.example", "10.0.0.0/33", "*", "10.0.0.1:80"],
    "GEMINI_API_URL": [
        "generativelanguage.googleapis.com",
        "https://",
        "https://a b",
        "https://x/?key=1",
        "http://x#y",
    ],
    "GOOGLE_OAUTH_TOKEN_URL": [
        "http://127.0.0.1:9,http://x",
        "http://127.0.0.1:0",
        "http://127.0.0.1:65536",
        "http://[",
    ],
    "GOOGLE_OAUTH_AUTHORIZE_URL": ["ftp://accounts.example", "https://exa_mple!", "https://host:port/"],
    "GOOGLE_USERINFO_URL": ["//host/path", "https:host"],
    "CLOUD_CODE_URLS": ["https://one.example,ftp://two.example", ",", "https://one.example https://two.example"],
    "GATEWAY_ENCRYPTION_KEYS": ["too-short", ","],
    "GATEWAY_SECRET_KEY_FILE": ["/nowhere/at/all", "/"],
    "DATABASE_URL": [
        "a database, please",
        "postgres://u:p@host:99999/name",
        "postgres://u:p@host",
        "sqlite://",
        "sqlite://:memory:",
        "sqlite:////nowhere/at/all.sqlite3",
    ],
    "CACHE_URL": ["memory, please", "redis://[::1"],
}


@pytest.mark.parametrize(("name", "nonsense"), [(name, one) for name, many in NONSENSE.items() for one in many])
def test_an_invalid_value_is_refused_with_its_name(read, name, nonsense):
    with pytest.raises(ImproperlyConfigured, match=name) as caught:
        read(**{name: nonsense})

    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", NONSENSE)
@pytest.mark.parametrize("value", ['"{}"', "'{}'", '"{}'])
def test_quotation_marks_meant_for_a_shell_are_named(read, name, value):
    with pytest.raises(ImproperlyConfigured, match=f"{name}(_FILE)? has quotation marks"):
        read(**{name: value.format("x")})


@pytest.mark.parametrize("name", [name for name in NONSENSE if not name.endswith("_FILE")])
def test_an_empty_value_is_none(read, name):
    assert read(**{name: " \t "})["GATEWAY_PORT"] == 8045


def test_white_space_around_a_value_does_not_count(read):
    found = read(GATEWAY_PORT=" 9001\n", GATEWAY_ALLOWED_HOSTS=" a.example , b.example ", GATEWAY_API_KEY=" gw-x ")

    assert (found["GATEWAY_PORT"], found["GATEWAY_API_KEY"]) == (9001, "gw-x")
    assert found["GATEWAY_ALLOWED_HOSTS"] == ["a.example", "b.example"]


@pytest.mark.parametrize("content", [b"", b" \n", b"\xff\xfe"])
def test_a_file_without_a_secret_is_refused(read, tmp_path, content):
    (tmp_path / "secret").write_bytes(content)

    with pytest.raises(ImproperlyConfigured, match="GOOGLE_OAUTH_CLIENT_SECRET_FILE"):
        read(GOOGLE_OAUTH_CLIENT_SECRET_FILE=str(tmp_path / "secret"))


def test_a_secret_given_twice_is_refused(read, tmp_path):
    (tmp_path / "secret").write_text("one")

    with pytest.raises(ImproperlyConfigured, match="GATEWAY_API_KEY and GATEWAY_API_KEY_FILE"):
        read(GATEWAY_API_KEY="two", GATEWAY_API_KEY_FILE=str(tmp_path / "secret"))


def test_a_line_of_the_env_file_that_sets_nothing_is_named(read, tmp_path):
    (tmp_path / "env").write_text("# a comment\n\nexport GATEWAY_PORT=9001\nGATEWAY_HOST: 0.0.0.0\n")

    with pytest.raises(ImproperlyConfigured, match="line 4 is not of the form NAME=VALUE"):
        read(GATEWAY_ENV_FILE=str(tmp_path / "env"))


@pytest.mark.parametrize("file_name", ["secret.key", "encryption.key"])
def test_a_key_that_was_emptied_stops_the_start(read, tmp_path, file_name):
    read()
    (tmp_path / "var" / file_name).write_text("\n")

    with pytest.raises(ImproperlyConfigured, match=f"{file_name} is empty"):
        read()


def test_a_data_directory_that_is_a_file_is_named(read, tmp_path):
    (tmp_path / "var").write_text("")

    with pytest.raises(ImproperlyConfigured, match="GATEWAY_DATA_DIR"):
        read()


def test_hosts_are_as_django_compares_them(read):
    found = read(GATEWAY_HOST="[::]", GATEWAY_ALLOWED_HOSTS="::1,GW.Example.com.,.bücher.example,*")

    assert found["GATEWAY_HOST"] == "::"
    assert found["GATEWAY_ALLOWED_HOSTS"] == ["[::1]", "gw.example.com", ".xn--bcher-kva.example", "*"]


@pytest.mark.parametrize(
    ("written", "origin"),
    [
        ("https://App.example.com/", "https://app.example.com"),
        ("https://app.example.com:443", "https://app.example.com"),
        ("http://app.example.com:443", "http://app.example.com:443"),
        ("http://[::1]:3000/", "http://[::1]:3000"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
        ("chrome-extension://Abcdefgh", "chrome-extension://abcdefgh"),
        ("app://obsidian.md", "app://obsidian.md"),
        ("capacitor://localhost/", "capacitor://localhost"),
        ("file://", "file://"),
        ("file:///", "file://"),
        ("null", "null"),
        ("*", "*"),
    ],
)
def test_origins_are_as_browsers_write_them(read, written, origin):
    assert read(GATEWAY_CORS_ORIGINS=written)["GATEWAY_CORS_ORIGINS"] == [origin]


def test_a_refusal_does_not_repeat_a_secret(read):
    with pytest.raises(ImproperlyConfigured) as caught:
        read(DATABASE_URL="pg://user:hunter2@host/name")
    with pytest.raises(ImproperlyConfigured) as also_caught:
        read(DATABASE_URL="", GEMINI_API_URL="https://user:hunter2@host")

    assert "hunter2" not in str(caught.value) + str(also_caught.value)


def test_a_command_reports_an_invalid_value_in_one_line(tmp_path):
    environment = {"PATH": os.environ["PATH"], "GATEWAY_DATA_DIR": str(tmp_path), "GATEWAY_PORT": "eighty"}

    done = subprocess.run(
        [sys.executable, "manage.py", "list_accounts"], cwd=ROOT, env=environment, capture_output=True, text=True
    )

    assert done.returncode == 1
    assert done.stderr.startswith("Configuration error: GATEWAY_PORT must be a whole number")
    assert len(done.stderr.splitlines()) == 1


def test_keys_are_made_once_and_for_their_owner_alone(read, tmp_path):
    first, second = read(), read()

    assert first["SECRET_KEY"] == second["SECRET_KEY"]
    assert first["GATEWAY_ENCRYPTION_KEYS"] == second["GATEWAY_ENCRYPTION_KEYS"]
    assert (tmp_path / "var").stat().st_mode & 0o777 == 0o700
    for name in ("secret.key", "encryption.key"):
        assert (tmp_path / "var" / name).stat().st_mode & 0o777 == 0o600


def test_processes_starting_at_once_agree_on_a_key(read):
    kept_secret = read()["kept_secret"]
    answers: list[str] = []
    threads = [threading.Thread(target=lambda: answers.append(kept_secret("race.key"))) for _ in range(16)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(answers)) == 1


def test_with_every_key_given_nothing_is_written(read, tmp_path):
    read(GATEWAY_SECRET_KEY="s", GATEWAY_ENCRYPTION_KEYS=f"{KEY},{KEY}", DATABASE_URL="postgres://u:p@db.example/gw")

    assert not (tmp_path / "var").exists()


def test_a_secret_may_stand_in_a_file(read, tmp_path):
    (tmp_path / "secret").write_text("from-a-file\n")

    assert read(GOOGLE_OAUTH_CLIENT_SECRET_FILE=str(tmp_path / "secret"))["GOOGLE_OAUTH_CLIENT_SECRET"] == "from-a-file"


def test_a_dotenv_file_is_read_and_the_environment_outranks_it(read, tmp_path):
    (tmp_path / "env").write_text("GATEWAY_PORT=9001\nGATEWAY_HOST=0.0.0.0\n")

    found = read(GATEWAY_ENV_FILE=str(tmp_path / "env"), GATEWAY_PORT="9002")

    assert (found["GATEWAY_PORT"], found["GATEWAY_HOST"]) == (9002, "0.0.0.0")


def test_urls_lose_their_trailing_slash(read):
    found = read(
        CLOUD_CODE_URLS="http://127.0.0.1:9/ , https://two.example/base/", GEMINI_API_URL="http://127.0.0.1:8/"
    )

    assert found["CLOUD_CODE_URLS"] == ("http://127.0.0.1:9", "https://two.example/base")
    assert found["GEMINI_API_URL"] == "http://127.0.0.1:8"


def test_sqlite_waits_for_its_turn_and_tests_share_a_file(read):
    database = read()["DATABASES"]["default"]

    assert database["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert "journal_mode=WAL" in database["OPTIONS"]["init_command"]
    assert database["TEST"]["NAME"].endswith("test.sqlite3")


def test_a_pool_asked_for_in_the_url_is_a_pool(read):
    database = read(DATABASE_URL="postgres://u:p@db.example/gw?pool=true")["DATABASES"]["default"]

    assert database["OPTIONS"]["pool"] is True


def test_hosts_of_this_gateway_are_trusted_over_tls(read):
    found = read(GATEWAY_ALLOWED_HOSTS="gw.example.com,.example.org,127.0.0.1")

    assert found["ALLOWED_HOSTS"] == ["gw.example.com", ".example.org", "127.0.0.1"]
    assert found["CSRF_TRUSTED_ORIGINS"] == ["https://gw.example.com", "https://*.example.org"]


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        ("HTTP GET /v1beta/models?key=gw-1234567890 200", "HTTP GET /v1beta/models 200"),
        ("https://oauth2.example/token?code=4/abc&x=1 failed", "https://oauth2.example/token failed"),
        ("sent Bearer abcdefgh.1234", "sent Bearer [hidden]"),
        ("token ya29.a0Af_byC-12345", "token [hidden]"),
        ("token 1//0g_abc-DEF12345", "token [hidden]"),
        ("key AIzaSyA-1234567890", "key [hidden]"),
        ("What is this? a=b", "What is this? a=b"),
        ("two\nlines", "two lines"),
    ],
)
def test_log_lines_keep_secrets_to_themselves(said, heard):
    record = logging.LogRecord("x", logging.INFO, __file__, 1, "%s", (said,), None)

    assert OneLine("%(message)s").format(record) == heard


# --- Egress


def test_the_gateways_proxy_and_the_usual_one_are_separate(read):
    found = read(GATEWAY_PROXY_URL="socks5h://u:p@proxy.example:1080", HTTPS_PROXY="http://other:1", NO_PROXY="a,b")

    assert found["GATEWAY_PROXY_URL"] == "socks5h://u:p@proxy.example:1080"
    assert (found["ENVIRONMENT_PROXY_URL"], found["ENVIRONMENT_NO_PROXY"]) == ("http://other:1", "a,b")


def test_the_usual_proxy_is_read_as_other_programs_read_it(read):
    found = read(https_proxy="proxy.example:3128", HTTPS_PROXY="http://other:1", no_proxy="*")

    assert (found["ENVIRONMENT_PROXY_URL"], found["ENVIRONMENT_NO_PROXY"]) == ("http://proxy.example:3128", "*")


def test_a_proxys_password_is_in_no_error(read):
    with pytest.raises(ImproperlyConfigured) as refused:
        read(GATEWAY_PROXY_URL="gopher://alice:secret@proxy.example")

    assert "secret" not in str(refused.value)
