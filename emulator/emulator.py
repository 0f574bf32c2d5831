"""The emulator's public interface: start, script, read recordings, stop."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from emulator.apis.dispatch import Dispatcher
from emulator.apis.oauth.endpoints import consent_target
from emulator.state.accounts import Account
from emulator.state.google import Google
from emulator.state.observer import Observer
from emulator.state.resources.blobs import Blob
from emulator.state.scripts import Script
from emulator.wire.replies import Reply, Style
from emulator.wire.server import Connection

_BACKLOG = 1024
_KEPT, _KEPT_OPEN = 10_000, 200


class Emulator(Observer):
    """A stand-in for Google on a real socket, in a thread and event loop of its own. A context manager.

    Every method may be called from any thread, also from a running event loop: none of them waits, except those that
    begin with `wait_for`, for which use `asyncio.to_thread`.

    port                   0 takes a free one; `url` tells which
    any_credentials        takes any refresh token or API key and creates its account
    controllable           answers `/emulator/…` (see `control.py`)
    style                  how answers are told unless a script says otherwise
    token_lifetime         of access tokens, in seconds
    keep                   how many requests are remembered; 10,000 by default, 200 with `any_credentials`
    clock                  seconds since the epoch; `advance` moves it
    client                 the OAuth client's (id, secret); None takes any
    rotate_refresh_tokens  a refresh gives a new refresh token, and the old one is good no more
    strict_signatures      thought signatures must be the emulator's own
    bind_signatures        and made for the same project
    recorded               names of resources that every project has, also after their deletion; with each file its type
    job_seconds            how long batches, videos and what stores take in need, by the emulator's clock
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        any_credentials: bool = False,
        controllable: bool = True,
        style: Style | None = None,
        token_lifetime: float = 3599.0,
        keep: int | None = None,
        clock: Callable[[], float] = time.time,
        client: tuple[str, str] | None = None,
        rotate_refresh_tokens: bool = False,
        strict_signatures: bool = False,
        bind_signatures: bool = False,
        job_seconds: float = 2.0,
        recorded: Mapping[str, str] | None = None,
    ) -> None:
        self._address = (host, port)
        google = Google(
            any_credentials=any_credentials,
            controllable=controllable,
            style=style,
            token_lifetime=token_lifetime,
            keep=keep if keep is not None else _KEPT_OPEN if any_credentials else _KEPT,
            clock=clock,
            client=client,
            rotate_refresh_tokens=rotate_refresh_tokens,
            strict_signatures=strict_signatures,
            bind_signatures=bind_signatures,
            job_seconds=job_seconds,
            recorded=recorded,
        )
        super().__init__(google)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._stopping: asyncio.Event | None = None

    def __repr__(self) -> str:
        state = f"at {self.url}" if self._thread else "stopped"
        return f"<Emulator {state}, {len(self.requests)} requests, {self.open_streams} open>"

    # -- running ------------------------------------------------------------------------------------------

    def start(self) -> Self:
        """Binds the port (OSError if it is taken) and serves until `stop`; does nothing when it runs."""
        if self._thread is not None:
            return self
        family = socket.AF_INET6 if ":" in self._address[0] else socket.AF_INET
        listening = socket.create_server(self._address, family=family, backlog=_BACKLOG)
        self._address = listening.getsockname()[:2]
        started = threading.Event()
        serving = self._serve(listening, started)
        self._thread = threading.Thread(target=asyncio.run, args=(serving,), name="emulator", daemon=True)
        self._thread.start()
        started.wait()
        return self

    def stop(self) -> None:
        """Drops every connection and frees the port; `start` serves again on the same one."""
        if self._thread is None or self._loop is None or self._stopping is None:
            return
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join()
        self._thread = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    async def _serve(self, listening: socket.socket, started: threading.Event) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        handler = Dispatcher(self._google)
        server = await self._loop.create_server(lambda: Connection(handler), sock=listening, backlog=_BACKLOG)
        started.set()
        await self._stopping.wait()
        server.close()
        for connection in list(self._google.connections):
            connection.drop()
        # Dropped connections are told so in the next turn of the loop; asyncio.run cancels what is left of them.
        await asyncio.sleep(0)

    # -- addresses ----------------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        """The base URL of everything: v1internal, the public API, OAuth, control. No slash at the end."""
        host, port = self._address
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    @property
    def authorize_url(self) -> str:
        return f"{self.url}/o/oauth2/v2/auth"

    @property
    def token_url(self) -> str:
        return f"{self.url}/token"

    @property
    def userinfo_url(self) -> str:
        return f"{self.url}/oauth2/v2/userinfo"

    # -- scripting ----------------------------------------------------------------------------------

    def add_account(self, email: str, **traits: Any) -> Account:
        """Adds an account, or replaces the one with this e-mail.

        Traits, all optional: refresh_token, access_token, api_key, project, tier ("free-tier", "g1-pro-tier" …),
        onboarded, pending_polls, project_form ("object" | "string"), ineligible (reason codes), models (ids),
        quota (requests per model, or a mapping of model to requests), quota_window (seconds).
        Accounts with the same project are keys of one project of the public API: they share its quota and all it holds.
        """
        with self._changed:
            return self._google.add_account(email, **traits)

    def add_file(self, owner: str | Account, content: bytes, **traits: str) -> str:
        """A file in the owner's project, and its name. Traits: mime_type, id, display_name, source (GENERATED)."""
        with self._changed:
            blob = Blob.of(content)
            told = {"mime_type": "video/mp4", "source": "GENERATED", **traits}
            return self._google.project_of(owner).files.add(blob, self._google.now(), **told).name

    def limit_storage(self, owner: str | Account, size: int) -> None:
        """Bytes that the files of the owner's project may take, 20 GiB by default; 0 makes it full."""
        with self._changed:
            self._google.project_of(owner).files.storage = size

    def limit_stores(self, owner: str | Account, size: int) -> None:
        """Bytes that the stores of the owner's project may take, a gigabyte by default; 0 makes them full."""
        with self._changed:
            self._google.project_of(owner).stores.storage = size

    def script(
        self,
        what: str | Reply | Style,
        *,
        account: str | Account | None = None,
        model: str | None = None,
        method: str | None = None,
        base: str | None = None,
        times: int | None = 1,
        delay: float | None = None,
        version: str | None = None,
        after: int | None = None,
    ) -> Script:
        """Answers the next `times` requests that fit (None: all) with a fault by name, a Reply, or in a Style.

        Without `method` only calls of a model fit (generate, stream, count, embed, interact); others go by the method's
        name: "token", "userinfo", "loadCodeAssist", "getFile", "startUpload" … `base` is a path prefix, to tell several
        endpoints apart; `version` is that of the public API's path, as `v1` may lack what `v1beta` has ("html_404").
        `after` is for uploads: so many bytes of the body are taken and kept before it plays (when fewer come, it plays
        in place of the answer). `delay` (seconds) is what a fault's texts say instead of their own. KeyError for an
        unknown fault.
        """
        email = account.email if isinstance(account, Account) else account
        script = Script(what, email, model, method, base, times, delay, version, after)
        with self._changed:
            return self._google.scripts.add(script)

    def unscript(self, script: Script | None = None) -> None:
        """Forgets one script, or all of them."""
        with self._changed:
            self._google.scripts.clear() if script is None else self._google.scripts.remove(script)

    def issue_access_token(self, email: str, lifetime: float | None = None) -> str:
        """One more access token for an account, good for `lifetime` seconds."""
        with self._changed:
            account = self._google.accounts.get(email)
            if account is None:
                raise KeyError(f"no account {email}")
            return self._google.accounts.issue_access_token(account, lifetime)

    def expire_access_tokens(self, email: str) -> None:
        with self._changed:
            self._google.accounts.expire_access_tokens(email)

    def revoke(self, email: str) -> None:
        """The owner takes the consent back: refreshing is invalid_grant from now on."""
        with self._changed:
            self._google.accounts.revoke(email)

    def advance(self, seconds: float) -> None:
        """Moves the emulator's clock: tokens expire, quota comes back."""
        with self._changed:
            self._google.advanced += seconds

    def consent(self, authorize_url: str, email: str, *, allow: bool = True) -> str:
        """What the browser would do on the consent page: gives the URL that Google would redirect to."""
        asked = dict(parse_qsl(urlsplit(authorize_url).query, keep_blank_values=True))
        with self._changed:
            return consent_target(self._google, asked, email, allow=allow)

    def reset(self) -> None:
        """As new: no accounts, no scripts, nothing recorded."""
        self._google.reset()
