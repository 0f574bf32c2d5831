"""A gateway and its upstream in simulated time: calls arrive, the pool decides, and rules stand in for upstream."""

import random
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count

from accounts_app.pool.blame.assignment import Assignment, Pause, Wanted
from accounts_app.pool.blame.attempts import Attempts
from accounts_app.pool.blame.blame import Blame
from accounts_app.pool.cooldowns.cooldown import Cooldown
from accounts_app.pool.outcomes import Fault, Outcome
from accounts_app.pool.paths.paths import Path

MODEL = "gemini-2.5-flash"
MAIN, SPARE = "https://main.example", "https://spare.example"
BASES = (MAIN, SPARE)

ANSWERS_AFTER = 0.2  # seconds until a first byte
FAILS_AFTER = 0.02
CONNECT_TIMEOUT, QUICK_CONNECT = 20.0, 5.0
PROBE_EVERY = 0.25  # how often the gateway looks whether a path is to be probed

SUCCEEDED = Fault(Outcome.SUCCEEDED, 200)


@dataclass(frozen=True, slots=True)
class Account:
    """An account in service, as the pool sees it."""

    kind: str = "gemini_api"
    weight: int = 2
    priority: int = 0
    max_concurrency: int | None = None
    enabled: bool = True
    parked: str = ""
    standby: bool = False
    bases: tuple[str, ...] = BASES
    proxy_url: str = ""
    allowed_models: tuple[str, ...] = ()
    owner: int = 0

    def can(self, operation: str) -> bool:
        return True

    def serves(self, model: str) -> bool:
        return True

    def remaining(self, model: str, now: float) -> float | None:
        return None

    def resets_at(self, model: str) -> float | None:
        return None


@dataclass(slots=True)
class Call:
    """One call of one client; calls with the same `request` have the same body."""

    conversation: int
    request: int
    innocent: bool = True
    model: str = MODEL
    arrived: float = 0.0
    asked: int = 0  # requests that reached upstream
    ended: float | None = None
    answered: bool = False
    lost: bool = False  # failed, while an account could have answered
    no_answer: Fault | str = ""
    attempts: Attempts | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Reply:
    """What upstream does with a request: a fault (None: a good answer) after some seconds. Without a connection nothing
    is sent.
    """

    fault: Fault | None = None
    after: float = ANSWERS_AFTER
    connects: bool = True


# The reply to `call` on `account` by `path` at a time.
Upstream = Callable[[Call, int, Path, float], Reply]


class Nowhere:
    """A sink that stores nothing."""

    def cooldown(self, account: int, model: str, cooldown: Cooldown) -> None: ...
    def take_out(self, account: int, fault: Fault) -> None: ...
    def put_back(self, account: int, parked: str) -> None: ...


class World:
    """The events of a simulation, in their order. `connects` says whether a bare connection succeeds."""

    def __init__(self, accounts: int | Mapping[int, Account], upstream: Upstream, *, seed: int = 1) -> None:
        self.now = 0.0
        self.random = random.Random(seed)
        self.calls: list[Call] = []
        self.seen: Counter[int] = Counter()  # requests that reached upstream, by account
        self.blame = Blame(Nowhere(), seed=0.5)
        self.upstream = upstream
        self.connects: Callable[[Path, float], bool] = lambda path, now: True
        self.could: Callable[[float], bool] = lambda now: True  # whether an account could answer an innocent call
        self.max_wait = 10.0
        known = {number: Account() for number in range(1, accounts + 1)} if isinstance(accounts, int) else accounts
        self.blame.board.update(known, known, 0.0)
        self._queue: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()
        self._probing = False

    def at(self, when: float, happens: Callable[[], None]) -> None:
        heappush(self._queue, (when, next(self._order), happens))

    def arrive(self, when: float, **call: object) -> None:
        """A call arrives; its conversation and request are new ones unless they are given."""
        self.at(when, lambda: self._begin(call))

    def traffic(self, rate: float, until: float, since: float = 0.0, **call: object) -> None:
        """`rate` calls a second, evenly."""
        for number in range(int((until - since) * rate)):
            self.arrive(since + number / rate, **call)

    def run(self, until: float) -> "World":
        """Play until `until`, and 120 seconds more for calls in flight to end."""
        while self._queue:
            when, _, happens = heappop(self._queue)
            if when > until + 120.0:
                break
            self.now = max(self.now, when)
            happens()
        return self

    def _begin(self, wanted: dict[str, object]) -> None:
        call = Call(
            **{"conversation": self.random.getrandbits(64), "request": self.random.getrandbits(64), **wanted},  # type: ignore[arg-type]
            arrived=self.now,
        )
        self.calls.append(call)
        call.attempts = Attempts(
            self.blame,
            Wanted(
                call.model,
                call.conversation,
                max_wait=self.max_wait,
                deadline=self.now + 300.0,
                request=lambda: call.request,
            ),
        )
        self._step(call)

    def _step(self, call: Call) -> None:
        assert call.attempts is not None
        match call.attempts.next(self.now):
            case Assignment() as assignment:
                self._ask(call, assignment)
            case Pause(until):
                self.at(until, lambda: self._step(call))
            case no_answer:
                call.ended = self.now
                call.lost = self.could(self.now)
                call.no_answer = (
                    call.attempts.faults[no_answer.index]
                    if no_answer.ending.value == "failure"
                    else no_answer.ending.value
                )
                call.attempts = None

    def _ask(self, call: Call, assignment: Assignment) -> None:
        account = assignment.loan.account
        assignment.sending(0, self.now)
        reply = self.upstream(call, account, assignment.path, self.now)
        if not reply.connects:
            after = min(reply.after, QUICK_CONNECT if assignment.quick else CONNECT_TIMEOUT)
            self.at(self.now + after, lambda: self._failed(call, assignment, reply))
            self._probe_later()
            return
        assignment.connected()
        call.asked += 1
        self.seen[account] += 1
        ends = self._answered if reply.fault is None else self._failed
        self.at(self.now + reply.after, lambda: ends(call, assignment, reply))

    def _answered(self, call: Call, assignment: Assignment, reply: Reply) -> None:
        assert call.attempts is not None
        call.attempts.answered(self.now)
        assignment.settle(SUCCEEDED, self.now)
        assignment.give_back(self.now)
        call.attempts, call.answered, call.ended = None, True, self.now

    def _failed(self, call: Call, assignment: Assignment, reply: Reply) -> None:
        assert call.attempts is not None and reply.fault is not None
        if reply.fault.status:
            assignment.heard(self.now)
        call.attempts.failed(reply.fault, self.now)
        self._step(call)

    def _probe_later(self) -> None:
        if not self._probing:
            self._probing = True
            self.at(self.now + PROBE_EVERY, self._probe)

    def _probe(self) -> None:
        """Make the bare connections that the gateway's own loop makes to paths that are down."""
        self._probing = False
        board = self.blame.board
        for path in self.blame.paths.due(self.now, every_second=board.ways.none_is_left):
            ok = self.connects(path, self.now)
            self.blame.paths.probed(path, self.now, ok=ok, egress_ok=ok or not path.egress)
            board.look_at_paths(self.now)
        if self.blame.paths.down():
            self._probe_later()


@dataclass(frozen=True, slots=True)
class Figures:
    """The results of the innocent calls of a world, or of those that arrived within a span of time."""

    calls: int
    lost: int
    asked: int
    slowest: float

    @property
    def asked_each(self) -> float:
        return self.asked / max(self.calls, 1)


def figures(calls: Iterable[Call], since: float = 0.0, until: float = float("inf")) -> Figures:
    """The figures of the innocent calls that arrived in `since` <= t < `until`."""
    chosen = [call for call in calls if call.innocent and since <= call.arrived < until]
    return Figures(
        calls=len(chosen),
        lost=sum(call.lost for call in chosen),
        asked=sum(call.asked for call in chosen),
        slowest=max((call.ended - call.arrived for call in chosen if call.ended is not None), default=0.0),
    )
