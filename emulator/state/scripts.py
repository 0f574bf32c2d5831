"""What was scripted: faults, replies and styles waiting for the requests they are meant for."""

from __future__ import annotations

from dataclasses import dataclass, replace

from emulator.state.recording import MODEL_CALLS
from emulator.wire.fault_names import FAULTS
from emulator.wire.faults import Fault, FaultContext
from emulator.wire.replies import Reply, Style


@dataclass(slots=True)
class Script:
    """`what` for the requests that fit; None and "" fit all, without a method only calls of a model fit.

    times   how many requests more, None for all
    base    what stands before the API's path, to tell apart several endpoints of one emulator
    delay   seconds, instead of the fault's own
    after   bytes of an upload's body that are taken and kept before it plays; None drops the body and plays at its end
    version of the public API's path; `v1` may lack what `v1beta` has
    """

    what: str | Reply | Style
    account: str | None = None
    model: str | None = None
    method: str | None = None
    base: str | None = None
    times: int | None = 1
    delay: float | None = None
    version: str | None = None
    after: int | None = None

    def __post_init__(self) -> None:
        if isinstance(self.what, str) and self.what not in FAULTS:
            raise KeyError(f"no fault is named {self.what!r}; there are: {', '.join(FAULTS)}")

    @property
    def name(self) -> str:
        return self.what if isinstance(self.what, str) else type(self.what).__name__.lower()

    def fits(self, call: str, account: str, model: str, base: str, version: str) -> bool:
        if self.method is None and call not in MODEL_CALLS:
            return False
        wanted = (
            (self.method, call),
            (self.account, account),
            (self.model, model),
            (self.base, base),
            (self.version, version),
        )
        return all(want is None or want == seen for want, seen in wanted)

    def play(self, scene: FaultContext) -> Fault:
        if not isinstance(self.what, str):
            return self.what
        return FAULTS[self.what](scene if self.delay is None else replace(scene, delay=self.delay))


class ScriptBook:
    """Counted scripts are used up first, oldest first; of the lasting ones the newest counts."""

    def __init__(self) -> None:
        self._scripts: list[Script] = []

    def add(self, script: Script) -> Script:
        self._scripts.append(script)
        return script

    def remove(self, script: Script) -> None:
        self._scripts = [kept for kept in self._scripts if kept is not script]

    def take(self, call: str, account: str, model: str, base: str, version: str = "") -> Script | None:
        fitting = [script for script in self._scripts if script.fits(call, account, model, base, version)]
        counted = [script for script in fitting if script.times is not None]
        if not counted:
            return fitting[-1] if fitting else None
        script = counted[0]
        assert script.times is not None
        script.times -= 1
        if script.times <= 0:
            self.remove(script)
        return script

    def clear(self) -> None:
        self._scripts.clear()

    def __len__(self) -> int:
        return len(self._scripts)
