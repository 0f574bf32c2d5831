"""The rests of all accounts, and the calls that try out whether one is over.

A rest that is over is half-open: one call, the probe, tries it out. A probe has a number, so that one which ends late
does not end another's.
"""

from collections import OrderedDict
from collections.abc import Iterable

from accounts_app.pool.choice.standing import WHOLE_ACCOUNT
from accounts_app.pool.cooldowns.cooldown import Rest, RestState, state

# A probe that hears nothing for this long no longer keeps others from trying: upstream may think for minutes before it
# answers, and a pool of one must not stand still meanwhile.
PROBE_PATIENCE = 30.0

# Models that one account may have rests for, as clients name them; past it the oldest is forgotten.
MODELS = 64

Probe = tuple[str, int]  # the model of a rest, and the number of the probe that tries it out


class Rests:
    """Rests by account and model ("" for the whole account), and their probes."""

    __slots__ = ("_accounts", "_models", "_number", "_probes", "_rests")

    def __init__(self) -> None:
        self._rests: dict[tuple[int, str], Rest] = {}
        self._models: dict[int, OrderedDict[str, None]] = {}  # account -> the models it has a rest for
        self._accounts: dict[str, set[int]] = {}  # model -> the accounts that have a rest for it
        self._probes: dict[tuple[int, str], tuple[int, float]] = {}  # rest -> the probe, and until when others wait
        self._number = 0

    def __repr__(self) -> str:
        return f"<Rests {len(self._rests)}, {len(self._probes)} being tried out>"

    def __len__(self) -> int:
        return len(self._rests)

    def get(self, account: int, model: str) -> Rest | None:
        """The rest in force or to be tried out, if any."""
        return self._rests.get((account, model))

    def both(self, account: int, model: str) -> list[tuple[str, Rest]]:
        """The rests that concern an account and a model: the whole account's and the model's own."""
        if account not in self._models:
            return []
        pairs = ((of, self._rests.get((account, of))) for of in dict.fromkeys((WHOLE_ACCOUNT, model)))
        return [(of, rest) for of, rest in pairs if rest is not None]

    def until(self, account: int, model: str) -> float:
        """When the rests that keep the account from the model end; 0.0 when there are none. Guesses keep nobody."""
        return max((rest.until for _, rest in self.both(account, model) if not rest.is_guess), default=0.0)

    def on(self, now: float) -> list[tuple[int, str, Rest]]:
        """The rests that are on, by account and model. Only reads, and a copy: any thread may ask."""
        return [(*of, rest) for of, rest in self._rests.copy().items() if state(rest, now) is RestState.RESTING]

    def accounts_with(self, model: str) -> Iterable[int]:
        """The accounts that have a rest for the model."""
        return self._accounts.get(model, ())

    def put(self, account: int, model: str, rest: Rest | None) -> None:
        """Lay a rest, or with None (or one without a streak) end it: its probe has nothing left to settle."""
        self._probes.pop((account, model), None)
        if rest is None or rest.streak == 0:
            self._forget(account, model)
            return
        self._rests[account, model] = rest
        models = self._models.setdefault(account, OrderedDict())
        models[model] = None
        self._accounts.setdefault(model, set()).add(account)
        if len(models) > MODELS:
            self._forget(account, next(each for each in models if each != WHOLE_ACCOUNT))

    def half_open(self, account: int, model: str, now: float) -> list[str]:
        """The models of the rests that a call for `model` would try out."""
        return [
            of
            for of, rest in self.both(account, model)
            if state(rest, now) is RestState.HALF_OPEN and self.probing_until(account, of, now) is None
        ]

    def probe(self, account: int, models: Iterable[str], now: float) -> list[Probe]:
        """One call tries these rests out, and others wait."""
        probed = []
        for model in models:
            self._number += 1
            self._probes[account, model] = (self._number, now + PROBE_PATIENCE)
            probed.append((model, self._number))
        return probed

    def probing_until(self, account: int, model: str, now: float) -> float | None:
        """Until when others leave a rest to the call that tries it out; None when none does."""
        probe = self._probes.get((account, model))
        return probe[1] if probe is not None and probe[1] > now else None

    def let_go(self, account: int, probed: Iterable[Probe]) -> list[str]:
        """Their call has ended without settling them. The models of those that are free again."""
        free = []
        for model, number in probed:
            probe = self._probes.get((account, model))
            if probe is not None and probe[0] == number:
                del self._probes[account, model]
                free.append(model)
        return free

    def _forget(self, account: int, model: str) -> None:
        if self._rests.pop((account, model), None) is None:
            return
        self._probes.pop((account, model), None)
        del self._models[account][model]
        if not self._models[account]:
            del self._models[account]
        self._accounts[model].discard(account)
        if not self._accounts[model]:
            del self._accounts[model]
