"""The cooldowns of all accounts, and the probes of those that are half-open.

A cooldown whose time is over is half-open: one call, the probe, finds out whether the account answers again. Probes are
numbered, so that one that ends late is not taken for its successor.
"""

from collections import OrderedDict
from collections.abc import Iterable

from accounts_app.pool.choice.eligibility import WHOLE_ACCOUNT
from accounts_app.pool.cooldowns.cooldown import Cooldown, CooldownState, state

# After this long without an answer a second call may probe: upstream may take minutes to answer, and a pool of one
# account must not stand still meanwhile.
PROBE_SECONDS = 30.0

# Models that one account may have cooldowns for, as clients name them; past it the oldest is forgotten.
MODELS = 64

Probe = tuple[str, int]  # the model of a cooldown, and the number of its probe


class Cooldowns:
    """Cooldowns by account and model ("" for the whole account), and their probes."""

    __slots__ = ("_accounts", "_cooldowns", "_models", "_number", "_probes")

    def __init__(self) -> None:
        self._cooldowns: dict[tuple[int, str], Cooldown] = {}
        self._models: dict[int, OrderedDict[str, None]] = {}  # account -> the models it has a cooldown for
        self._accounts: dict[str, set[int]] = {}  # model -> the accounts that have a cooldown for it
        self._probes: dict[tuple[int, str], tuple[int, float]] = {}  # cooldown -> its probe, and until when others wait
        self._number = 0

    def __repr__(self) -> str:
        return f"<Cooldowns {len(self._cooldowns)}, {len(self._probes)} probed>"

    def __len__(self) -> int:
        return len(self._cooldowns)

    def get(self, account: int, model: str) -> Cooldown | None:
        """The cooldown in force or half-open, if any."""
        return self._cooldowns.get((account, model))

    def both(self, account: int, model: str) -> list[tuple[str, Cooldown]]:
        """The cooldowns that concern an account and a model: the whole account's and the model's own."""
        if account not in self._models:
            return []
        pairs = ((of, self._cooldowns.get((account, of))) for of in dict.fromkeys((WHOLE_ACCOUNT, model)))
        return [(of, cooldown) for of, cooldown in pairs if cooldown is not None]

    def until(self, account: int, model: str) -> float:
        """When the account's cooldowns for the model end, guesses aside; 0.0 when there are none."""
        return max((cooldown.until for _, cooldown in self.both(account, model) if not cooldown.is_guess), default=0.0)

    def on(self, now: float) -> list[tuple[int, str, Cooldown]]:
        """The cooldowns in force, with account and model. Safe from any thread: it reads a copy."""
        return [
            (*of, cooldown)
            for of, cooldown in self._cooldowns.copy().items()
            if state(cooldown, now) is CooldownState.COOLING_DOWN
        ]

    def accounts_with(self, model: str) -> Iterable[int]:
        """The accounts that have a cooldown for the model."""
        return self._accounts.get(model, ())

    def put(self, account: int, model: str, cooldown: Cooldown | None) -> None:
        """Begin a cooldown or, with None or one without a streak, end it; its probe is over in both cases."""
        self._probes.pop((account, model), None)
        if cooldown is None or cooldown.streak == 0:
            self._forget(account, model)
            return
        self._cooldowns[account, model] = cooldown
        models = self._models.setdefault(account, OrderedDict())
        models[model] = None
        self._accounts.setdefault(model, set()).add(account)
        if len(models) > MODELS:
            self._forget(account, next(each for each in models if each != WHOLE_ACCOUNT))

    def forget(self, account: int) -> None:
        """Drop all cooldowns of an account that is gone."""
        for model in list(self._models.get(account, ())):
            self._forget(account, model)

    def models(self) -> set[str]:
        """The models that some account has a cooldown for. Only reads, and a copy: any thread may ask."""
        return set(self._accounts.copy())

    def half_open(self, account: int, model: str, now: float) -> list[str]:
        """The models of the cooldowns that a call for `model` would probe."""
        return [
            of
            for of, cooldown in self.both(account, model)
            if state(cooldown, now) is CooldownState.HALF_OPEN and self.probing_until(account, of, now) is None
        ]

    def probe(self, account: int, models: Iterable[str], now: float) -> list[Probe]:
        """One call begins to probe these cooldowns; other calls wait."""
        probed = []
        for model in models:
            self._number += 1
            self._probes[account, model] = (self._number, now + PROBE_SECONDS)
            probed.append((model, self._number))
        return probed

    def probing_until(self, account: int, model: str, now: float) -> float | None:
        """Until when other calls wait for the probe of a cooldown; None when there is none."""
        probe = self._probes.get((account, model))
        return probe[1] if probe is not None and probe[1] > now else None

    def let_go(self, account: int, probed: Iterable[Probe]) -> list[str]:
        """End the probes of a call that are not settled yet. Returns the models of those that can be probed again."""
        free = []
        for model, number in probed:
            probe = self._probes.get((account, model))
            if probe is not None and probe[0] == number:
                del self._probes[account, model]
                free.append(model)
        return free

    def _forget(self, account: int, model: str) -> None:
        if self._cooldowns.pop((account, model), None) is None:
            return
        self._probes.pop((account, model), None)
        del self._models[account][model]
        if not self._models[account]:
            del self._models[account]
        self._accounts[model].discard(account)
        if not self._accounts[model]:
            del self._accounts[model]
