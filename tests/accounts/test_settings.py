"""What the settings make of the environment."""

import base64
import logging
import os
import runpy
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from gateway_project.logs import OneLine

ROOT = Path(__file__).parents[2]
KEY = base64.urlsafe_b64encode(b"k" * 32).decode()


@pytest.fixture
def read(monkeypatch, tmp_path):
    """Reads the settings with an environment of these variables alone."""
    for name in list(os.environ):
        if name.startswith(("GATEWAY_", "CLOUD_CODE_", "GEMINI_API_", "GOOGLE_", "DATABASE_", "CACHE_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("GATEWAY_ENV_FILE", os.devnull)
    monkeypatch.setenv("GATEWAY_DATA_DIR", str(tmp_path / "var"))

    def read(**variables: str) -> dict[str, Any]:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        return runpy.run_path(str(ROOT / "gateway_project" / "settings.py"))

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


@pytest.mark.parametrize(
    ("name", "nonsense"),
    [
        ("GATEWAY_PORT", "eighty"),
        ("GATEWAY_PORT", "70000"),
        ("GATEWAY_MAX_ATTEMPTS", "0"),
        ("GATEWAY_MAX_BODY_MB", "-1"),
        ("GATEWAY_MAX_WAIT", "soon"),
        ("GATEWAY_IDLE_TIMEOUT", "nan"),
        ("GATEWAY_IDLE_TIMEOUT", "-5"),
        ("GATEWAY_AUTH_MODE", "on"),
        ("GATEWAY_DEBUG", "perhaps"),
        ("GEMINI_API_URL", "generativelanguage.googleapis.com"),
        ("CLOUD_CODE_URLS", "https://one.example,ftp://two.example"),
        ("GATEWAY_CORS_ORIGINS", "example.com"),
        ("GATEWAY_ENCRYPTION_KEYS", "too-short"),
        ("GATEWAY_SECRET_KEY_FILE", "/nowhere/at/all"),
        ("DATABASE_URL", "a database, please"),
        ("CACHE_URL", "memory, please"),
    ],
)
def test_nonsense_is_refused_by_name(read, name, nonsense):
    with pytest.raises(ImproperlyConfigured, match=name):
        read(**{name: nonsense})


def test_a_refusal_does_not_repeat_a_secret(read):
    with pytest.raises(ImproperlyConfigured) as caught:
        read(DATABASE_URL="pg://user:hunter2@host/name")

    assert "hunter2" not in str(caught.value)


def test_a_command_tells_nonsense_in_one_line(tmp_path):
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


def test_names_of_this_gateway_are_trusted_over_tls(read):
    found = read(GATEWAY_ALLOWED_HOSTS="gw.example.com,.example.org,127.0.0.1")

    assert found["ALLOWED_HOSTS"] == ["gw.example.com", ".example.org", "127.0.0.1"]
    assert found["CSRF_TRUSTED_ORIGINS"] == ["https://gw.example.com", "https://*.example.org"]


def test_cors_is_there_only_when_asked_for(read):
    assert read()["API_MIDDLEWARE"] == []

    found = read(GATEWAY_CORS_ORIGINS="https://app.example.com")

    assert found["API_MIDDLEWARE"] == ["corsheaders.middleware.CorsMiddleware"]
    assert found["CORS_ALLOWED_ORIGINS"] == ["https://app.example.com"]


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
