"""An account on loan to a call."""

from dataclasses import dataclass, field

from accounts_app.pool.choice.lineup import Lineup
from accounts_app.pool.cooldowns.cooldowns import Probe


@dataclass(slots=True)
class Loan:
    """An account on loan to a call, and the cooldowns that the call probes.

    `shared` are those of other accounts of its project: the call probes them for all.
    """

    account: int
    model: str
    lineup: Lineup
    probed: list[Probe] = field(default_factory=list)
    shared: list[tuple[int, Probe]] = field(default_factory=list)
