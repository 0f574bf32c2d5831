"""What clients keep (files, caches, batches, stores) over four accounts in three projects, with two keys of two groups.

Every SDK makes its own, all at the same time; then the node is restarted, and all use what they have made.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from emulator import Emulator
from tests.live.clients.install import JAVA_PROGRAMS, install_all
from tests.live.clients.walkthrough import HERE
from tests.live.running import PATIENCE, Gateway, wait_until

# The first client also waits for the installation of all of them.
pytestmark = [pytest.mark.live, pytest.mark.timeout(400)]

MODEL, EMBEDDING = "gemini-2.5-flash", "gemini-embedding-001"
PROJECTS = {"a": "one", "b": "one", "c": "two", "d": "three"}
WARRANTY = "The warranty of the kettle lasts two years."
MANUAL = f"{WARRANTY} " + " ".join(str(number) for number in range(1, 2001))
LARGE = 9 * 1024 * 1024  # more than a chunk of any SDK


@dataclass(frozen=True, slots=True)
class Keeper:
    """An SDK, and the program in `clients` that keeps resources with it."""

    sdk: str
    command: tuple[str, ...]

    def __str__(self) -> str:
        return "-".join((self.sdk, *self.command[1:])).removesuffix("-keep")

    def line(self, place: Path) -> list[str]:
        """The command line."""
        program, *arguments = self.command
        if program.endswith(".mjs"):
            return ["node", str(place / program)]
        if program.endswith(".py"):
            return [str(place / "bin" / "python"), "-W", "ignore", str(HERE / "python" / program), *arguments]
        if self.sdk in JAVA_PROGRAMS:
            return [
                "java",
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-cp",
                f"{place}/classes:{place}/lib/*",
                program,
            ]
        return [str(place / program), *arguments]


KEEPERS = (
    Keeper("google-genai-3", ("keeping_sync.py",)),
    Keeper("google-genai-3", ("keeping_async.py", "aiohttp")),
    Keeper("google-genai-3", ("keeping_async.py", "httpx")),
    Keeper("google-genai-2", ("keeping_sync.py",)),
    Keeper("google-genai-2", ("keeping_async.py", "aiohttp")),
    Keeper("google-genai-2", ("keeping_async.py", "httpx")),
    Keeper("node", ("keeping.mjs",)),
    Keeper("node-3", ("keeping.mjs",)),
    Keeper("go-genai-1.36", ("walk", "keep")),
    Keeper("go-genai-1.77", ("walk", "keep")),
    Keeper("java-genai-1", ("Keeping",)),
    Keeper("java-genai-2", ("Keeping",)),
)


@dataclass(frozen=True, slots=True)
class Pool:
    """The gateway with its accounts, and two client keys of two groups."""

    google: Emulator
    gateway: Gateway
    mine: str
    theirs: str

    def call(self, method: str, path: str, key: str, **options: Any) -> httpx.Response:
        with httpx.Client(base_url=self.gateway.url, trust_env=False, timeout=PATIENCE) as client:
            return client.request(
                method, path, headers={"x-goog-api-key": key, **options.pop("headers", {})}, **options
            )

    def upload(self, key: str, text: str, name: str = "") -> httpx.Response:
        """One small file, by the multipart protocol."""
        about = json.dumps({"file": {"mimeType": "text/plain", **({"name": f"files/{name}"} if name else {})}})
        parts = [
            f"Content-Type: {kind}\r\n\r\n{part}" for kind, part in (("application/json", about), ("text/plain", text))
        ]
        content = "".join(f"--x\r\n{part}\r\n" for part in parts) + "--x--\r\n"
        headers = {"X-Goog-Upload-Protocol": "multipart", "Content-Type": "multipart/related; boundary=x"}
        return self.call("POST", "/upload/v1beta/files", key, headers=headers, content=content)


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    with Emulator(job_seconds=1.0) as google, Gateway(google, {"GATEWAY_MAX_WAIT": "0"}) as gateway:
        accounts = [google.add_account(f"{name}@example.com", project=project) for name, project in PROJECTS.items()]
        entries = [{"kind": "gemini_api", "email": each.email, "api_key": each.api_key} for each in accounts]
        gateway.manage("import_accounts", "-", said=json.dumps(entries))
        theirs = gateway.manage("issue_key", "theirs")
        gateway.manage("shell", "-c", GROUPS_AND_PROJECTS)
        yield Pool(google, gateway.start(), gateway.key, theirs)
        gateway.stop()


# Both groups are at home in the project with two keys.
GROUPS_AND_PROJECTS = """
from accounts_app.actions import groups, projects
from accounts_app.leasing import owner_rows
from accounts_app.models import Account, ApiKey
from accounts_app.pool.access.tenants import Tenant
one = projects.create(name="one")
shared = Account.objects.filter(email__in=["a@example.com", "b@example.com"])
projects.assign(list(shared.values_list("pk", flat=True)), one)
for name in ("live", "theirs"):
    key, group = ApiKey.objects.get(name=name).pk, groups.create(name)
    groups.join([key], group)
    owner_rows.set_home(Tenant(key, group).text, one, None)
"""


@pytest.fixture(scope="module")
def kept(pool: Pool, tmp_path_factory: pytest.TempPathFactory) -> Mapping[Keeper, Mapping[str, Any] | str]:
    """What each SDK's program told, before and after the node was restarted; the reason where its SDK is missing."""
    folder = tmp_path_factory.mktemp("kept")
    (folder / "kettle.txt").write_text(WARRANTY)
    (folder / "toaster.txt").write_text("The toaster has no warranty.")
    (folder / "large.bin").write_bytes(bytes(LARGE))
    places = install_all(sorted({keeper.sdk for keeper in KEEPERS}))
    found: dict[Keeper, Mapping[str, Any] | str] = {}
    running: dict[Keeper, subprocess.Popen[str]] = {}
    for number, keeper in enumerate(KEEPERS):
        place = places[keeper.sdk]
        if isinstance(place, str):
            found[keeper] = place
            continue
        chosen = f"manual-{number}"
        assert pool.upload(pool.theirs, "theirs", chosen).status_code == 200
        plan = {"url": pool.gateway.url, "key": pool.mine, "model": MODEL, "embedding": EMBEDDING, "manual": MANUAL}
        plan |= {"files": [str(folder / "kettle.txt"), str(folder / "toaster.txt")], "large": str(folder / "large.bin")}
        running[keeper] = _started(keeper, place, {**plan, "chosen": chosen})
    with ThreadPoolExecutor(len(KEEPERS)) as threads:
        made = dict(zip(running, threads.map(_line, running.values()), strict=True))
        port = urlsplit(pool.gateway.url).port
        pool.gateway.stop()
        pool.gateway.start("--port", str(port))
        used = dict(zip(running, threads.map(_next_line, running.values()), strict=True))
        deleted = dict(zip(running, threads.map(_next_line, running.values()), strict=True))
        ends = dict(zip(running, threads.map(_ended, running.values()), strict=True))
    return found | {
        keeper: {**made[keeper], **used[keeper], **deleted[keeper], "stderr": ends[keeper]} for keeper in running
    }


def _started(keeper: Keeper, place: Path, plan: Mapping[str, Any]) -> subprocess.Popen[str]:
    # Without this machine's keys and proxies, which SDKs read from the environment.
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    pipe = subprocess.PIPE
    process = subprocess.Popen(keeper.line(place), env=environment, stdin=pipe, stdout=pipe, stderr=pipe, text=True)
    assert process.stdin is not None
    process.stdin.write(json.dumps(plan) + "\n")
    process.stdin.flush()
    return process


def _line(process: subprocess.Popen[str]) -> Mapping[str, Any]:
    """What the program tells next; nothing where it has ended."""
    assert process.stdout is not None
    line = process.stdout.readline()
    told: Mapping[str, Any] = json.loads(line) if line else {}
    return told


def _next_line(process: subprocess.Popen[str]) -> Mapping[str, Any]:
    """What it tells after it was let go on."""
    if process.poll() is None and process.stdin is not None:
        process.stdin.write("\n")
        process.stdin.flush()
    return _line(process)


def _ended(process: subprocess.Popen[str]) -> str:
    """The end of its standard error."""
    try:
        return process.communicate(timeout=PATIENCE)[1][-3_000:]
    except subprocess.TimeoutExpired:
        process.kill()
        return process.communicate()[1][-3_000:] + "\nIt did not come to an end."


@pytest.mark.parametrize("keeper", KEEPERS, ids=str)
def test_an_sdk_keeps_and_uses_what_it_has_made_while_the_node_is_restarted(
    keeper: Keeper, kept: Mapping[Keeper, Mapping[str, Any] | str]
):
    told = kept[keeper]
    if isinstance(told, str):
        pytest.skip(told)
    assert told.keys() >= {"names", "file", "deleted"}, told["stderr"]

    names = told["names"]
    assert told["large"] == LARGE
    assert told["chosen"].startswith("files/manual-")
    assert "two years" in told["both"]
    assert told["vectors"] == [3072, 3072]
    assert told["file"] == [names[0], "ACTIVE"]
    assert told["cached"] > 1_024
    assert told["batch"] == "The capital of France is Paris."
    assert "two years" in told["store"]
    assert {*names[:3], told["chosen"]} <= set(told["listed"])
    assert len(told["listed"]) == len(set(told["listed"]))
    assert told["deleted"] == 403


def test_a_tenant_sees_nothing_of_another(pool: Pool, kept: Mapping[Keeper, Mapping[str, Any] | str]):
    made = [name for told in kept.values() if not isinstance(told, str) for name in told.get("names", ())]
    assert made

    for name in made[:6]:
        foreign = pool.call("GET", f"/v1beta/{name}", pool.theirs)
        unknown = pool.call("GET", f"/v1beta/{name[:-6]}zzzzzz", pool.theirs)
        assert foreign.status_code in (403, 404)
        assert foreign.text.replace(name[-6:], "") == unknown.text.replace("zzzzzz", "")
    listed = pool.call("GET", "/v1beta/files", pool.theirs).json().get("files", [])
    assert not {file["name"] for file in listed} & set(made)


def test_a_full_project_sends_new_files_elsewhere(pool: Pool):
    before = pool.upload(pool.mine, WARRANTY).json()["file"]["name"]
    pool.google.limit_storage("a@example.com", 0)

    # The first that is refused may be the one that shows it.
    statuses = [pool.upload(pool.mine, WARRANTY).status_code for _ in range(2)]
    pool.google.limit_storage("a@example.com", 20 * 1024**3)

    assert statuses[-1] == 200
    assert pool.call("GET", f"/v1beta/{before}", pool.mine).status_code == 200


def test_what_a_project_has_outlives_a_key_of_it_but_not_the_last(pool: Pool):
    kept = pool.call("POST", "/v1beta/fileSearchStores", pool.mine, json={"displayName": "kept"}).json()["name"]
    assert pool.google.requests[-1].account in ("a@example.com", "b@example.com")

    pool.gateway.manage("shell", "-c", GONE.format("a@example.com"))
    wait_until(lambda: _answers_from(pool, kept) == (200, "b@example.com"))
    pool.gateway.manage("shell", "-c", GONE.format("b@example.com"))
    wait_until(lambda: pool.call("GET", f"/v1beta/{kept}", pool.mine).status_code != 200)

    lost = pool.call("GET", f"/v1beta/{kept}", pool.mine)
    unknown = pool.call("GET", "/v1beta/fileSearchStores/kept-123456789012", pool.mine)
    assert lost.status_code == unknown.status_code
    assert pool.call("DELETE", f"/v1beta/{kept}", pool.mine).status_code == 200
    made = pool.call("POST", "/v1beta/fileSearchStores", pool.mine, json={"displayName": "new"})
    assert made.status_code == 200
    assert pool.google.requests[-1].account in ("c@example.com", "d@example.com")


GONE = "from accounts_app.models import Account; Account.objects.get(email='{}').delete()"


def _answers_from(pool: Pool, name: str) -> tuple[int, str]:
    status = pool.call("GET", f"/v1beta/{name}", pool.mine).status_code
    return status, pool.google.requests[-1].account
