"""What a call may know of accounts, keys, settings and routes: frozen views, held together by the `Roster`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType

from accounts_app.pool.cooldown import Rest
from accounts_app.pool.selection import Strategy

RestKey = tuple[int, str]  # account id, model ("" for the whole account)


@dataclass(frozen=True, slots=True)
class CredentialView:
    """An account's tokens as last read; times are seconds, epoch. An API key never expires: `expires_at` is None."""

    refresh_token: str = field(default="", repr=False)
    access_token: str = field(default="", repr=False)
    expires_at: float | None = None
    refreshed_at: float = 0.0


@dataclass(frozen=True, slots=True)
class AccountView:
    """One account as a call sees it. `bases` are its upstream's URLs in order of fallback, `parked` why it is out."""

    id: int
    kind: str
    email: str
    project: str
    tier: str
    weight: int
    enabled: bool
    parked: str
    allowed_models: tuple[str, ...]
    max_concurrency: int | None
    priority: int
    quota: Mapping[str, Mapping[str, object]] = field(repr=False)
    is_demo: bool
    standby: bool  # the demo account, while another one exists
    bases: tuple[str, ...]
    token_url: str
    credential: CredentialView
    proxy_url: str = field(default="", repr=False)

    @property
    def available(self) -> bool:
        """Whether it may be asked at all, whatever the model and however it feels."""
        return self.enabled and not self.parked and not self.standby

    def serves(self, model: str) -> bool:
        """Whether its operator lets it answer for `model`. Its cached quota list has no say: it may be out of date."""
        return not self.allowed_models or any(_pattern(allowed).fullmatch(model) for allowed in self.allowed_models)

    def remaining(self, model: str, now: float) -> float | None:
        """The part of the quota for `model` that was left when last seen, 0..1; None when that says nothing now."""
        known = self.quota.get(model)
        if known is None:
            return None
        left, resets_at = known.get("remaining"), known.get("resets_at")
        if not isinstance(left, int | float):
            return None
        if isinstance(resets_at, str) and _is_past(resets_at, now):
            return None
        return float(left)


@dataclass(frozen=True, slots=True)
class KeyView:
    """An API key as verified from memory; `expires_at` in seconds, epoch."""

    id: int
    name: str
    enabled: bool
    expires_at: float | None
    may_explain: bool


@dataclass(frozen=True, slots=True)
class SettingsView:
    """What the operator set in the admin."""

    auth_mode: str = "auto"
    strategy: Strategy = Strategy.CONSISTENT_HASH
    system_instruction_prefix: str = ""


class RouteTable:
    """The operator's model names: an exact one first, then the wildcard that says most, else the name itself."""

    __slots__ = ("_exact", "_wild", "targets")

    def __init__(self, routes: Mapping[str, str]) -> None:
        self.targets = MappingProxyType(dict(routes))
        self._exact = {pattern: target for pattern, target in routes.items() if "*" not in pattern}
        wild = [pattern for pattern in routes if "*" in pattern]
        # Specific = more letters of its own; the pattern itself settles a tie, so that every node answers alike.
        wild.sort(key=lambda pattern: (-len(pattern.replace("*", "")), pattern))
        self._wild = [(_pattern(pattern), routes[pattern]) for pattern in wild]

    def __repr__(self) -> str:
        return f"<RouteTable {dict(self.targets)}>"

    def resolve(self, model: str) -> str:
        """The model to ask upstream for when a client asks for `model`."""
        if exact := self._exact.get(model):
            return exact
        return next((target for pattern, target in self._wild if pattern.fullmatch(model)), model)


@dataclass(frozen=True, slots=True)
class Roster:
    """Everything a call needs to know, as of `loaded_at` (seconds, epoch, when the reading began).

    `keys` are by digest. `changed_accounts` and `changed_rests` name what differs from the snapshot of `version` - 1.
    """

    accounts: Mapping[int, AccountView]
    keys: Mapping[str, KeyView]
    settings: SettingsView
    routes: RouteTable
    rests: Mapping[RestKey, Rest]
    version: int
    loaded_at: float
    changed_accounts: frozenset[int] = field(default=frozenset(), repr=False)
    changed_rests: frozenset[RestKey] = field(default=frozenset(), repr=False)

    def __repr__(self) -> str:
        return f"<Roster {self.version}: {len(self.accounts)} accounts, {len(self.keys)} keys, {len(self.rests)} rests>"


@lru_cache(maxsize=1024)
def _pattern(glob: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(part) for part in glob.split("*")), re.DOTALL)


def _is_past(stamp: str, now: float) -> bool:
    try:
        return datetime.fromisoformat(stamp).timestamp() <= now
    except ValueError:
        return False
