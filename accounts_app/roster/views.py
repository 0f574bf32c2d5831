"""The frozen views of accounts, keys, settings and routes that a call reads, and the `Roster` that holds them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from accounts_app.pool.access.limits import NO_LIMITS, Limits
from accounts_app.pool.access.networks import Network, lets_in
from accounts_app.pool.access.project_limits import NO_PROJECT_LIMITS, ProjectLimits
from accounts_app.pool.choice.selection import Strategy
from accounts_app.pool.cooldowns.cooldown import Cooldown
from accounts_app.pool.names.globs import any_matches, matcher
from accounts_app.pool.names.names import canonical
from accounts_app.roster import abilities

# For a quota without a reset time: Google's shortest window, after which a real call finds out.
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
    """An account as a call sees it. `bases` are its upstream's URLs in order of fallback, `parked` why it is out."""

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
    standby: bool  # a demo account, while a real one exists
    bases: tuple[str, ...]
    token_url: str
    credential: CredentialView
    proxy_url: str = field(default="", repr=False)
    quota_fetched_at: float | None = None
    models: Mapping[str, Mapping[str, object]] = field(default_factory=dict, repr=False)  # upstream's own list, by id
    owner_project: int | None = None  # the row of its Google project, None while that is unknown

    @property
    def owner(self) -> int:
        """Who owns what it makes: its project's row, or - while that is unknown - itself, as a negative number."""
        return -self.id if self.owner_project is None else self.owner_project

    @property
    def available(self) -> bool:
        """Whether it is in service at all, for any model and even if it is cooling down."""
        return self.enabled and not self.parked and not self.standby

    def can(self, operation: str) -> bool:
        """Whether its upstream has this method of the API."""
        return abilities.can(self.kind, operation)

    def serves(self, model: str) -> bool:
        """Whether its operator allows `model`. Its stored quota list does not matter: it may be out of date."""
        return not self.allowed_models or any_matches(self.allowed_models, model)

    def remaining(self, model: str, now: float) -> float | None:
        """The part of the quota for `model` that was left at the last fetch, 0..1; None if unknown or reset since."""
        left = self.quota.get(model, {}).get("remaining")
        if not isinstance(left, int | float):
            return None
        resets_at = self.resets_at(model)
        return None if resets_at is not None and resets_at <= now else float(left)

    def resets_at(self, model: str) -> float | None:
        """When the quota resets (seconds, epoch): as upstream says, else DEFAULT_RESET_SECONDS after the fetch."""
        said = self.quota.get(model, {}).get("resets_at")
        if isinstance(said, str) and (moment := _moment(said)) is not None:
            return moment
        return None if self.quota_fetched_at is None else self.quota_fetched_at + DEFAULT_RESET_SECONDS


@dataclass(frozen=True, slots=True)
class KeyView:
    """An API key as verified from memory; `expires_at` in seconds, epoch.

    `allowed_networks` is None when the stored networks cannot be parsed: then every address is refused.
    """

    id: int
    name: str
    enabled: bool
    expires_at: float | None
    may_explain: bool
    owner: str = ""
    allowed_models: tuple[str, ...] = ()
    allowed_agents: tuple[str, ...] = ()
    allowed_networks: tuple[Network, ...] | None = ()
    limits: Limits = NO_LIMITS
    capture: bool = False
    group: int | None = None

    def may_use(self, model: str) -> bool:
        """Whether it may use `model`, the name in the request."""
        allowed = self.allowed_models
        return not allowed or any_matches(allowed, model) or any_matches(allowed, canonical(model))

    def may_ask(self, agent: str) -> bool:
        """Whether it may ask `agent`, by its bare id."""
        return not self.allowed_agents or any_matches(self.allowed_agents, agent)

    def may_call_from(self, address: str) -> bool:
        """Whether it is allowed from `address`, an IP address; "" where there is none, as on a Unix socket."""
        return self.allowed_networks is not None and lets_in(self.allowed_networks, address)


@dataclass(frozen=True, slots=True)
class GroupView:
    """A group of API keys, and its limits on what is stored and running upstream; None is no limit."""

    id: int
    name: str
    max_stored_bytes: int | None = None
    max_files: int | None = None
    max_running_jobs: int | None = None


@dataclass(frozen=True, slots=True)
class ProjectView:
    """A Google project. Only the group `exclusive_to` uses it, where there is one; the limits' None is no limit."""

    id: int
    number: str
    project_id: str
    name: str
    exclusive_to: int | None = None
    limits: ProjectLimits = NO_PROJECT_LIMITS


@dataclass(frozen=True, slots=True)
class SettingsView:
    """What the operator set in the admin."""

    auth_mode: str = "auto"
    strategy: Strategy = Strategy.CONSISTENT_HASH
    system_instruction_prefix: str = ""
    quota_protection: float = 0.0  # the quota reserve, 0..1
    # None for the environment's value; times in seconds.
    max_attempts: int | None = None
    max_wait: float | None = None
    first_event_timeout: float | None = None
    idle_timeout: float | None = None


@dataclass(frozen=True, slots=True)
class Route:
    """An alias (`*` matches anything), its upstream model, and the default generationConfig."""

    pattern: str
    target: str
    generation_config: Mapping[str, object] = field(default_factory=dict)


class RouteTable:
    """The operator's aliases: an exact match first, then the most specific wildcard, else the name itself."""

    __slots__ = ("_exact", "_wild", "targets")

    def __init__(self, routes: Iterable[Route]) -> None:
        known = {route.pattern: route for route in routes}
        self.targets = MappingProxyType({pattern: route.target for pattern, route in known.items()})
        self._exact = {pattern: route for pattern, route in known.items() if "*" not in pattern}
        wild = [route for pattern, route in known.items() if "*" in pattern]
        # Specific means more letters besides the `*`; the pattern breaks ties, so that all nodes agree.
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
    """Everything a call reads but cooldowns, as of `loaded_at` (seconds, monotonic, when the reading began).

    `keys` are by digest, `homes` (ids of projects) by tenant, `changed_accounts` the difference to `version` - 1.
    """

    accounts: Mapping[int, AccountView]
    keys: Mapping[str, KeyView]
    settings: SettingsView
    routes: RouteTable
    version: int
    loaded_at: float
    groups: Mapping[int, GroupView] = field(default_factory=dict)
    projects: Mapping[int, ProjectView] = field(default_factory=dict)
    homes: Mapping[str, int] = field(default_factory=dict, repr=False)
    changed_accounts: frozenset[int] = field(default=frozenset(), repr=False)

    def __repr__(self) -> str:
        return f"<Roster {self.version}: {len(self.accounts)} accounts, {len(self.keys)} keys>"


@dataclass(frozen=True, slots=True)
class CooldownChanges:
    """What the rows of cooldowns say that a reading begun at `loaded_at` found changed; None for one that is over."""

    cooldowns: Mapping[CooldownKey, Cooldown | None]
    loaded_at: float


def _moment(stamp: str) -> float | None:
    try:
        return datetime.fromisoformat(stamp).timestamp()
    except ValueError:
        return None
