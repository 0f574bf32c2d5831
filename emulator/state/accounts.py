"""The accounts of the emulated Google, with their tokens and keys."""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from emulator.state.models import Model, models_for
from emulator.state.quota import Quota

ACCESS_PREFIX = "ya29.emulator-"
REFRESH_PREFIX = "1//emulator-"


@dataclass(slots=True)
class Account:
    """One account of the emulated Google.

    tier           `free-tier`, `standard-tier`, `legacy-tier`, or a paid one such as `g1-pro-tier`
    onboarded      False for a new account: no tier and no project until onboardUser
    pending_polls  how many answers of onboardUser say `done: false` first
    project_form   how onboardUser names the project: "object" or "string"
    ineligible     reason codes (`UNSUPPORTED_LOCATION`, …); such an account cannot be onboarded
    models         the ids it may use, None for all
    """

    email: str
    refresh_token: str = field(repr=False)
    access_token: str = field(repr=False)
    api_key: str = field(repr=False)
    project: str
    tier: str = "free-tier"
    onboarded: bool = True
    pending_polls: int = 0
    project_form: str = "object"
    ineligible: Sequence[str] = ()
    models: Sequence[str] | None = None
    quota: Quota = field(default_factory=Quota, repr=False)
    revoked: bool = False
    polls_left: int = field(default=-1, repr=False)

    def known_models(self) -> Mapping[str, Model]:
        return models_for(self.models)


class Accounts:
    """All accounts and every token given out. Used under the state's lock."""

    def __init__(self, *, any_credentials: bool, token_lifetime: float, clock: Callable[[], float]) -> None:
        self.any_credentials = any_credentials
        self.token_lifetime = token_lifetime
        self._clock = clock
        self._by_email: dict[str, Account] = {}
        self._by_refresh_token: dict[str, str] = {}
        self._by_api_key: dict[str, str] = {}
        self._access_tokens: dict[str, tuple[str, float]] = {}

    def add(
        self,
        email: str,
        *,
        refresh_token: str | None = None,
        access_token: str | None = None,
        api_key: str | None = None,
        project: str | None = None,
        quota: int | Mapping[str, int] | None = None,
        quota_window: float | None = None,
        **traits: object,
    ) -> Account:
        """Adds or replaces an account; what is not given is made up from its e-mail."""
        account = Account(
            email=email,
            refresh_token=refresh_token or _named_token(REFRESH_PREFIX, email),
            access_token=access_token or _named_token(ACCESS_PREFIX, email),
            api_key=api_key or "AIza-emulator-" + _short_hash(email),
            project=project
            if project is not None
            else f"managed-{email.split('@')[0].lower()}-{_short_hash(email)[:4]}",
            quota=Quota(quota) if quota_window is None else Quota(quota, quota_window),
            **traits,  # type: ignore[arg-type]
        )
        self._by_email[email] = account
        self._by_refresh_token[account.refresh_token] = email
        self._by_api_key[account.api_key] = email
        self._access_tokens[account.access_token] = (email, self._clock() + self.token_lifetime)
        return account

    def all(self) -> list[Account]:
        return list(self._by_email.values())

    def get(self, email: str) -> Account | None:
        return self._by_email.get(email)

    def get_or_add(self, email: str) -> Account:
        return self._by_email.get(email) or self.add(email)

    def by_refresh_token(self, token: str) -> Account | None:
        """The account of a refresh token, None when there is none; with `any_credentials` one is made for any token."""
        email = self._by_refresh_token.get(token)
        if email is None and self.any_credentials and token:
            email = _email_in(token, REFRESH_PREFIX) or f"guest-{_short_hash(token)[:6]}@example.com"
            self.get_or_add(email)
            self._by_refresh_token[token] = email
        return self._by_email.get(email) if email else None

    def by_api_key(self, key: str) -> Account | None:
        email = self._by_api_key.get(key)
        if email is None and self.any_credentials and key:
            email = f"guest-{_short_hash(key)[:6]}@example.com"
            self.get_or_add(email)
            self._by_api_key[key] = email
        return self._by_email.get(email) if email else None

    def by_access_token(self, token: str) -> tuple[Account | None, bool]:
        """The account of an access token, and whether the token is still good.

        With `any_credentials`, tokens from before a restart are still good, as they name their account.
        """
        email, expires_at = self._access_tokens.get(token, ("", 0.0))
        if not email and self.any_credentials and (named := _email_in(token, ACCESS_PREFIX)):
            email, expires_at = named, self._clock() + self.token_lifetime
            self.get_or_add(email)
            self._access_tokens[token] = (email, expires_at)
        account = self._by_email.get(email)
        return account, account is not None and not account.revoked and expires_at > self._clock()

    def issue_access_token(self, account: Account, lifetime: float | None = None) -> str:
        token = _named_token(ACCESS_PREFIX, account.email)
        expires_at = self._clock() + (self.token_lifetime if lifetime is None else lifetime)
        self._access_tokens[token] = (account.email, expires_at)
        return token

    def issue_refresh_token(self, account: Account, *, replacing: str = "") -> str:
        token = _named_token(REFRESH_PREFIX, account.email)
        self._by_refresh_token[token] = account.email
        if replacing:
            self._by_refresh_token[replacing] = ""
        account.refresh_token = token
        return token

    def expire_access_tokens(self, email: str) -> None:
        now = self._clock()
        for token, (owner, _) in list(self._access_tokens.items()):
            if owner == email:
                self._access_tokens[token] = (owner, now)

    def revoke(self, email: str) -> None:
        """Takes back the consent: no token of the account is good any more."""
        if account := self._by_email.get(email):
            account.revoked = True
        self.expire_access_tokens(email)

    def clear(self) -> None:
        for table in (self._by_email, self._by_refresh_token, self._by_api_key, self._access_tokens):
            table.clear()


def _named_token(prefix: str, email: str) -> str:
    """A token in which the account's e-mail can be read again, so that it is good after a restart too."""
    name = base64.urlsafe_b64encode(email.encode()).decode().rstrip("=")
    return f"{prefix}{name}.{secrets.token_urlsafe(24)}"


def _email_in(token: str, prefix: str) -> str:
    if not token.startswith(prefix):
        return ""
    name = token.removeprefix(prefix).split(".")[0]
    try:
        return base64.urlsafe_b64decode(name + "=" * (-len(name) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _short_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]
