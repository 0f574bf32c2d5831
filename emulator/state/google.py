"""The state of the emulated Google. All of it is guarded by one lock, `changed`."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from emulator.state.accounts import Account, Accounts
from emulator.state.consents import Consents
from emulator.state.projects import Project, Projects
from emulator.state.recording import Recording
from emulator.state.resources.caches import PromptCache
from emulator.state.resources.uploads import Uploads
from emulator.state.scripts import ScriptBook
from emulator.wire.replies import Style
from emulator.wire.server import Connection


class Google:
    """Accounts, scripts, recordings, consents, the clock and the style of answers."""

    def __init__(
        self,
        *,
        any_credentials: bool = False,
        controllable: bool = True,
        style: Style | None = None,
        token_lifetime: float = 3599.0,
        keep: int = 10_000,
        clock: Callable[[], float] = time.time,
        client: tuple[str, str] | None = None,
        rotate_refresh_tokens: bool = False,
        strict_signatures: bool = False,
        bind_signatures: bool = False,
        job_seconds: float = 2.0,
        recorded: Mapping[str, str] | None = None,
    ) -> None:
        self.changed = threading.Condition()
        self.controllable = controllable
        self.style = style or Style()
        self.client = client
        self.rotate_refresh_tokens = rotate_refresh_tokens
        self.strict_signatures = strict_signatures
        self.bind_signatures = bind_signatures
        self.job_seconds = job_seconds
        self.recorded = recorded or {}
        self.advanced = 0.0
        self._clock = clock
        self.accounts = Accounts(any_credentials=any_credentials, token_lifetime=token_lifetime, clock=self.now)
        self.projects = Projects()
        self.uploads = Uploads()
        self.scripts = ScriptBook()
        self.recording = Recording(keep, self.changed)
        self.prompt_cache = PromptCache()
        self.consents = Consents()
        self.connections: set[Connection] = set()

    def now(self) -> float:
        return self._clock() + self.advanced

    def add_account(self, email: str, **traits: Any) -> Account:
        """Adds or replaces an account; its project's other keys share its quota unless it brings one of its own."""
        replaced = self.accounts.get(email) is not None
        account = self.accounts.add(email, **traits)
        project = self.projects.of(account)
        if replaced or traits.get("quota") is not None:
            project.quota = account.quota
        return account

    def project_of(self, owner: str | Account) -> Project:
        """The project of an account, which may be named by its e-mail and is made when it is not there."""
        return self.projects.of(owner if isinstance(owner, Account) else self.accounts.get_or_add(owner))

    def binding_of(self, account: Account) -> str | None:
        """What signatures are checked by: a project, "" for any signature of ours, None for no check."""
        if self.bind_signatures:
            return account.project
        return "" if self.strict_signatures else None

    def reset(self) -> None:
        """As new: accounts, scripts, recorded requests and the clock."""
        with self.changed:
            for part in (self.accounts, self.projects, self.uploads, self.scripts, self.recording, self.consents):
                part.clear()
            self.prompt_cache = PromptCache()
            self.advanced = 0.0
