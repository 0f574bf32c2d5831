"""What a call may know of accounts, keys, settings and routes: frozen views, held together by the `Roster`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from accounts_app.pool.access.limits import NO_LIMITS, Limits
from accounts_app.pool.access.networks import Network, lets_in
from accounts_app.pool.choice.selection import Strategy
from accounts_app.pool.cooldowns.cooldown import Cooldown
from accounts_app.pool.names.globs import any_matches, matcher
from accounts_app.pool.names.names import canonical
from accounts_app.roster import abilities

# A quota whose reset upstream does not name: its shortest window, after which a real call finds out.
DEFAULT_RESET_SECONDS = 5 * 3600.0

CooldownKey = tuple[int, str]  # account id, model ("" for the whole account)


@dataclass(frozen=True, slots=True)
class CredentialView:
    """An account's tokens as last read; times are seconds, epoch. An API key never expires: `expires_at` is None."""

    refresh_token: str = field(default="", repr=False)
    access_token: str = field(default="", repr=False)
    expires_at: float | None = None
    refreshed_at: float = 0.0

    @property
    def bare(self) -> "CredentialView":
        """The tokens alone: times lose digits on their way through the database."""
        return CredentialView(self.refresh_token, self.access_token)


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
    quota_fetched_at: float | None = None
    models: Mapping[str, Mapping[str, object]] = field(default_factory=dict, repr=False)  # upstream's own list, by id

    @property
    def available(self) -> bool:
        """Whether it may be asked at all, whatever the model and however it feels."""
        return self.enabled and not self.parked and not self.standby

    def can(self, operation: str) -> bool:
        """Whether its upstream has this method of the API."""
        return abilities.can(self.kind, operation)

    def serves(self, model: str) -> bool:
        """Whether its operator lets it answer for `model`. Its cached quota list has no say: it may be out of date."""
        return not self.allowed_models or any_matches(self.allowed_models, model)

    def remaining(self, model: str, now: float) -> float | None:
        """The part of the quota for `model` that was left when last seen, 0..1; None when that says nothing now."""
        left = self.quota.get(model, {}).get("remaining")
        if not isinstance(left, int | float):
            return None
        resets_at = self.resets_at(model)
        return None if resets_at is not None and resets_at <= now else float(left)

    def resets_at(self, model: str) -> float | None:
        """When what `remaining` says is over: upstream's word (seconds, epoch), else some time after it was fetched."""
        said = self.quota.get(model, {}).get("resets_at")
        if isinstance(said, str) and (moment := _moment(said)) is not None:
            return moment
        return None if self.quota_fetched_at is None else self.quota_fetched_at + DEFAULT_RESET_SECONDS


@dataclass(frozen=True, slots=True)
class KeyView:
    """An API key as verified from memory; `expires_at` in seconds, epoch.

    `allowed_networks` is None when what is stored cannot be read: then it is good from nowhere.
    """

    id: int
    name: str
    enabled: bool
    expires_at: float | None
    may_explain: bool
    owner: str = ""
    allowed_models: tuple[str, ...] = ()
    allowed_networks: tuple[Network, ...] | None = ()
    limits: Limits = NO_LIMITS
    capture: bool = False

    def may_use(self, model: str) -> bool:
        """Whether it may ask for `model`, by the name it asks with."""
        allowed = self.allowed_models
        return not allowed or any_matches(allowed, model) or any_matches(allowed, canonical(model))

    def may_call_from(self, address: str) -> bool:
        """Whether it is good at `address`, an IP address; "" where there is none, as on a Unix socket."""
        return self.allowed_networks is not None and lets_in(self.allowed_networks, address)


@dataclass(frozen=True, slots=True)
class SettingsView:
    """What the operator set in the admin."""

    auth_mode: str = "auto"
    strategy: Strategy = Strategy.CONSISTENT_HASH
    system_instruction_prefix: str = ""
    quota_protection: float = 0.0  # the part of each quota that is kept, 0..1
    # None where the environment's holds; times in seconds.
    max_attempts: int | None = None
    max_wait: float | None = None
    first_event_timeout: float | None = None
    idle_timeout: float | None = None


@dataclass(frozen=True, slots=True)
class Route:
    """A name clients may use (`*` stands for anything), the model it leads to, the generationConfig that goes along."""

    pattern: str
    target: str
    generation_config: Mapping[str, object] = field(default_factory=dict)


class RouteTable:
    """The operator's model names: an exact one first, then the wildcard that says most, else the name itself."""

    __slots__ = ("_exact", "_wild", "targets")

    def __init__(self, routes: Iterable[Route]) -> None:
        known = {route.pattern: route for route in routes}
        self.targets = MappingProxyType({pattern: route.target for pattern, route in known.items()})
        self._exact = {pattern: route for pattern, route in known.items() if "*" not in pattern}
        wild = [route for pattern, route in known.items() if "*" in pattern]
        # Specific = more letters of its own; the pattern itself settles a tie, so that every node answers alike.
        wild.sort(key=lambda route: (-len(route.pattern.replace("*", "")), route.pattern))
        self._wild = [(matcher(route.pattern), route) for route in wild]

    def __repr__(self) -> str:
        return f"<RouteTable {dict(self.targets)}>"

    def resolve(self, model: str) -> str:
        """The model to ask upstream for when a client asks for `model`."""
        route = self.find(model)
        return route.target if route else model

    def find(self, model: str) -> Route | None:
        """The route that a call for `model` takes; None when it goes upstream under its own name."""
        name = canonical(model)
        if exact := self._exact.get(model) or self._exact.get(name):
            return exact
        return next((route for matches, route in self._wild if matches(model) or matches(name)), None)


@dataclass(frozen=True, slots=True)
class Roster:
    """Everything a call needs to know, as of `loaded_at` (seconds, epoch, when the reading began).

    `keys` are by digest. `changed_accounts` and `changed_cooldowns` are the differences to `version` - 1.
    """

    accounts: Mapping[int, AccountView]
    keys: Mapping[str, KeyView]
    settings: SettingsView
    routes: RouteTable
    cooldowns: Mapping[CooldownKey, Cooldown]
    version: int
    loaded_at: float
    changed_accounts: frozenset[int] = field(default=frozenset(), repr=False)
    changed_cooldowns: frozenset[CooldownKey] = field(default=frozenset(), repr=False)

    def __repr__(self) -> str:
        sizes = f"{len(self.accounts)} accounts, {len(self.keys)} keys, {len(self.cooldowns)} cooldowns"
        return f"<Roster {self.version}: {sizes}>"


def _moment(stamp: str) -> float | None:
    try:
        return datetime.fromisoformat(stamp).timestamp()
    except ValueError:
        return None
