"""The pool that clients keep resources in: four accounts in three projects, and client keys of two groups."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx

from emulator import Emulator
from tests.live.running import PATIENCE, Gateway, wait_until

MODEL, EMBEDDING, VIDEO = "gemini-2.5-flash", "gemini-embedding-001", "veo-3.1-generate-preview"
# The accounts, and their projects. Two groups are at home in the project with two keys, one in the second.
PROJECTS = {"a": "one", "b": "one", "c": "two", "d": "three"}
WARRANTY = "The warranty of the kettle lasts two years."
MANUAL = f"{WARRANTY} " + " ".join(str(number) for number in range(1, 2001))


@dataclass(frozen=True, slots=True)
class Pool:
    """The gateway with its accounts, and client keys of three groups: `passing` is of the first, `apart` of one that is
    at home in another project than both others.
    """

    google: Emulator
    gateway: Gateway
    mine: str
    theirs: str
    passing: str
    apart: str

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

    def plan(self) -> dict[str, Any]:
        """What a client is told: where the gateway is, its key, and the models it may call."""
        models = {"model": MODEL, "embedding": EMBEDDING, "video": VIDEO}
        return {"url": self.gateway.url, "key": self.mine, **models, "manual": MANUAL}

    def restart(self) -> None:
        """The node ends, and runs again at the same address."""
        port = urlsplit(self.gateway.url).port
        self.gateway.stop()
        self.gateway.start("--port", str(port))

    def remove(self, account: str, name: str) -> None:
        """Deletes an account; returns when no call for the resource `name` goes to it any more."""
        email = f"{account}@example.com"
        self.gateway.manage("shell", "-c", f"{_GONE}{email!r}).delete()")
        wait_until(lambda: self.answering(name) != email)

    def answering(self, name: str) -> str:
        """The account that a GET of this resource goes to; nothing where it goes nowhere."""
        before = len(self.google.requests)
        self.call("GET", f"/v1beta/{name}", self.mine)
        return "".join(one.account or "" for one in self.google.requests[before:])


_GONE = "from accounts_app.models import Account; Account.objects.get(email="

_GROUPS_AND_PROJECTS = """
import json
from accounts_app.actions import groups, projects
from accounts_app.api_keys import keys
from accounts_app.leasing import owner_rows
from accounts_app.models import Account, ApiKey
from accounts_app.pool.access.tenants import Tenant
def project_of(name, *accounts):
    project, emails = projects.create(name=name), [f"{account}@example.com" for account in accounts]
    projects.assign(list(Account.objects.filter(email__in=emails).values_list("pk", flat=True)), project)
    return project
one, two = project_of("one", "a", "b"), project_of("two", "c")
issued = {name: keys.issue(name) for name in ("theirs", "passing", "apart")}
for home, *names in ((one, "live", "passing"), (one, "theirs"), (two, "apart")):
    members, group = list(ApiKey.objects.filter(name__in=names).values_list("pk", flat=True)), groups.create(names[0])
    groups.join(members, group)
    owner_rows.set_home(Tenant(members[0], group).text, home, None)
print(json.dumps(issued))
"""


@contextmanager
def running_pool(environment: Mapping[str, str] | None = None, models: Sequence[str] | None = None) -> Iterator[Pool]:
    """Runs it with an emulator of its own, whose accounts have these models, or all."""
    settings = {"GATEWAY_MAX_WAIT": "0", **(environment or {})}
    with Emulator(job_seconds=1.0) as google, Gateway(google, settings) as gateway:
        traits = {"models": models} if models is not None else {}
        accounts = [google.add_account(f"{name}@example.com", project=at, **traits) for name, at in PROJECTS.items()]
        entries = [{"kind": "gemini_api", "email": each.email, "api_key": each.api_key} for each in accounts]
        gateway.manage("import_accounts", "-", said=json.dumps(entries))
        issued = json.loads(gateway.manage("shell", "-c", _GROUPS_AND_PROJECTS).splitlines()[-1])
        yield Pool(google, gateway.start(), gateway.key, **issued)
        gateway.stop()
