"""`git pull && make run` in a checkout of release 0.1.0: the new version uses the data in its `var/`.

These are the database and keys that 0.1.0 wrote: 0.1.0 itself cannot run with today's packages.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests import release_0_1_0
from tests.factories import a_prompt
from tests.live.node import free_port
from tests.live.running import PATIENCE, ROOT
from tests.release_0_1_0 import CLIENT_KEY

pytestmark = pytest.mark.live

RELEASE = "8c84fa0"
ENVIRONMENT = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
# As after a successful install: nothing is downloaded here.
MAKE_RUN = ("make", "--old-file", ".venv/.installed", "run")


@dataclass(slots=True)
class Checkout:
    """A checkout whose gateway is running; `kept` are the files of keys as 0.1.0 left them."""

    folder: Path
    url: str
    kept: dict[str, bytes]


def run(*command: str, cwd: Path) -> str:
    done = subprocess.run(command, cwd=cwd, env=ENVIRONMENT, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout


def pull(folder: Path) -> None:
    """Replaces the release's files by today's, uncommitted changes included; files that git ignores stay."""
    run("git", "rm", "-rqf", ".", cwd=folder)
    listed = run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", cwd=ROOT)
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    """1. Clone 0.1.0, with what it left in `var/`. 2. Pull. 3. `make run`."""
    missing = [program for program in ("git", "make") if not shutil.which(program)]
    if missing:
        pytest.skip(f"there is no {' and no '.join(missing)} on this machine")
    known = subprocess.run(["git", "cat-file", "-e", f"{RELEASE}^{{commit}}"], cwd=ROOT, capture_output=True)
    if known.returncode:
        pytest.skip(f"the history does not go back to {RELEASE}: this checkout is shallow")
    folder = tmp_path_factory.mktemp("pulled") / "gateway"
    run("git", "clone", "-q", "--shared", "--no-checkout", str(ROOT), str(folder), cwd=ROOT)
    run("git", "checkout", "-q", "--detach", RELEASE, cwd=folder)
    (folder / ".venv").symlink_to(sys.prefix)
    port = free_port()
    (folder / ".env").write_text(f"GATEWAY_PORT={port}\n")
    (folder / "var").mkdir()
    database = release_0_1_0.place(folder / "var")
    with contextlib.closing(sqlite3.connect(database)) as connection, connection:
        # The emulator that a default `.env` leads to knows the demo account only, which answers where it is alone.
        connection.execute("UPDATE proxy_app_usagerecord SET account_id = NULL")
        for table in ("credential", "rest"):
            others = "account_id IN (SELECT id FROM accounts_app_account WHERE NOT is_demo)"
            connection.execute(f"DELETE FROM accounts_app_{table} WHERE {others}")
        connection.execute("DELETE FROM accounts_app_account WHERE NOT is_demo")
    kept = {name: (folder / "var" / name).read_bytes() for name in release_0_1_0.KEYS}

    pull(folder)

    serving = subprocess.Popen(
        MAKE_RUN, cwd=folder, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        start_new_session=True,
    )  # fmt: skip
    assert serving.stdout is not None
    before = []
    try:
        for line in serving.stdout:
            before.append(line)
            if found := re.search(r"http://127\.0\.0\.1:\d+", line):
                yield Checkout(folder, found[0], kept)
                break
        else:
            pytest.fail("".join(before))
    finally:
        if serving.poll() is None:
            os.killpg(serving.pid, signal.SIGTERM)
        serving.communicate(timeout=PATIENCE)


def test_the_same_folder_is_used(checkout: Checkout):
    var = checkout.folder / "var"

    assert {name: (var / name).read_bytes() for name in checkout.kept} == checkout.kept
    assert [path.parent for path in checkout.folder.rglob("*.sqlite3")] == [var]


def test_the_same_key_is_known(checkout: Checkout):
    calling = "/v1beta/models/gemini-2.5-flash:generateContent"

    with httpx.Client(base_url=checkout.url, trust_env=False, timeout=PATIENCE) as client:
        answer = client.post(calling, json=a_prompt(), headers={"x-goog-api-key": CLIENT_KEY})
        usage = client.get("/usage", headers={"x-goog-api-key": CLIENT_KEY})
        refused = client.get("/usage", headers={"x-goog-api-key": f"{CLIENT_KEY}x"})

    assert answer.json().get("candidates"), answer.text
    assert usage.json()["key"]["name"] == "captured"
    assert refused.status_code == 401


def test_the_same_admin_signs_in(checkout: Checkout):
    with httpx.Client(base_url=checkout.url, trust_env=False, timeout=PATIENCE) as browser:
        browser.get("/admin/login/")
        token = browser.cookies["gateway_csrf"]
        fields = {"username": "admin", "password": "correct-horse-battery", "csrfmiddlewaretoken": token}
        browser.post("/admin/login/", data=fields)

        assert browser.get("/admin/").status_code == 200


def test_the_same_env_file_is_read(checkout: Checkout):
    assert (checkout.folder / ".env").read_text() == f"GATEWAY_PORT={checkout.url.rpartition(':')[2]}\n"
