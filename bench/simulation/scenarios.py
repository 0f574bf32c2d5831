"""The scenarios: what upstream does, and which calls arrive. Each takes the size of the pool."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from accounts_app.pool.outcomes import Fault, Outcome
from accounts_app.pool.paths.paths import Path
from bench.simulation.world import FAILS_AFTER, MAIN, Account, Call, Figures, Reply, World, figures

OVERLOADED = Fault(Outcome.OVERLOADED, 503)
INTERNAL = Fault(Outcome.OVERLOADED, 500)
DROPPED = Fault(Outcome.DROPPED)
EMPTY = Fault(Outcome.EMPTY, 200)
NO_CONNECTION = Fault(Outcome.UNREACHABLE)
PROXY_DEAD = Fault(Outcome.UNREACHABLE, proxy=True)
REFUSED = Fault(Outcome.REFUSED, 404)
UNAUTHENTICATED = Fault(Outcome.UNAUTHENTICATED, 401)

GOOD = Reply()
POOLS = (1, 2, 10, 500)


@dataclass(frozen=True, slots=True)
class Result:
    """A scenario on a pool: the figures of its innocent calls, and of those from two seconds after the trouble on."""

    what: str
    pool: int
    calls: Figures
    budget: int
    after: Figures | None = None


def poison(pool: int, fault: Fault, *, clients: int = 1, differ: bool = False, once: bool = False) -> World:
    """Clients that repeat, without a pause, a request which upstream fails; others call once a second for a minute."""

    def upstream(call: Call, account: int, path: Path, now: float) -> Reply:
        return GOOD if call.innocent else Reply(fault, FAILS_AFTER)

    world = World(pool, upstream)
    world.traffic(1.0, 60.0, since=0.5)
    for client in range(1, clients + 1):
        own = {"innocent": False, "conversation": client} | ({} if differ else {"request": client})
        world.traffic(0.05 if once else 10.0, 60.0, since=0.01 * client, **own)
    return world.run(60.0)


def outage(pool: int, rate: float, *, seconds: float = 300.0, after: float = 10.0) -> World:
    """Everything is answered 503 for five minutes."""
    ends = 5.0 + seconds

    def upstream(call: Call, account: int, path: Path, now: float) -> Reply:
        return Reply(OVERLOADED, FAILS_AFTER) if 5.0 <= now < ends else GOOD

    world = World(pool, upstream)
    world.could = lambda now: not 5.0 <= now < ends
    world.traffic(rate, ends + after)
    return world.run(ends + after)


def unreachable(pool: int, seconds: float = 60.0) -> World:
    """No endpoint takes a connection for a while."""
    ends = 5.0 + seconds

    def is_down(now: float) -> bool:
        return 5.0 <= now < ends

    def upstream(call: Call, account: int, path: Path, now: float) -> Reply:
        return Reply(NO_CONNECTION, 0.001, connects=False) if is_down(now) else GOOD

    world = World(pool, upstream)
    world.connects = lambda path, now: not is_down(now)
    world.could = lambda now: not is_down(now)
    world.traffic(20.0, ends + 10.0)
    return world.run(ends + 10.0)


def dead_endpoint(pool: int, *, swallows: bool = False) -> World:
    """The first of two endpoints takes no connection: refuses it at once, or lets it hang."""

    def upstream(call: Call, account: int, path: Path, now: float) -> Reply:
        return Reply(NO_CONNECTION, 20.0 if swallows else 0.001, connects=False) if path.base == MAIN else GOOD

    world = World(pool, upstream)
    world.connects = lambda path, now: path.base != MAIN
    world.traffic(20.0, 60.0)
    return world.run(60.0)


def dead_proxy(pool: int) -> World:
    """One account uses a proxy that is dead; if it is the only account, for half a minute."""

    def is_dead(path: Path, now: float) -> bool:
        return path.egress != "" and (pool > 1 or now < 30.0)

    def upstream(call: Call, account: int, path: Path, now: float) -> Reply:
        return Reply(PROXY_DEAD, 5.0, connects=False) if is_dead(path, now) else GOOD

    accounts = {number: Account(proxy_url="http://proxy" if number == 1 else "") for number in range(1, pool + 1)}
    world = World(accounts, upstream)
    world.connects = lambda path, now: not is_dead(path, now)
    world.could = lambda now: pool > 1 or now >= 30.0
    world.traffic(20.0, 60.0)
    return world.run(60.0)


def random_503(pool: int, part: float) -> World:
    """Each request fails by itself with a probability."""
    chance = World(1, lambda *_: GOOD, seed=7).random

    def upstream(call: Call, account: int, path: Path, now: float) -> Reply:
        return Reply(OVERLOADED, FAILS_AFTER) if chance.random() < part else GOOD

    world = World(pool, upstream)
    world.traffic(20.0, 60.0)
    return world.run(60.0)


def at_its_limit(pool: int) -> World:
    """One account is limited to two calls a second, and upstream names the wait; the others have no limit."""
    allowed: dict[int, int] = {}

    def upstream(call: Call, account: int, path: Path, now: float) -> Reply:
        second = int(now)
        if account != 1:
            return GOOD
        allowed[second] = allowed.get(second, 0) + 1
        if allowed[second] <= 2:
            return GOOD
        return Reply(Fault(Outcome.RATE_LIMITED, 429, delay=second + 1 - now), FAILS_AFTER)

    world = World(pool, upstream)
    world.could = lambda now: pool > 1  # alone it answers two of five calls a second
    world.traffic(5.0 if pool == 1 else 20.0, 60.0)
    return world.run(60.0)


def for_some_only(pool: int) -> World:
    """Three of ten accounts may use the model; the others refuse it without a reason."""
    some = {number for number in range(1, pool + 1) if number % 10 in (1, 4, 7)}

    def upstream(call: Call, account: int, path: Path, now: float) -> Reply:
        return GOOD if account in some else Reply(REFUSED, FAILS_AFTER)

    world = World(pool, upstream)
    world.traffic(20.0, 120.0)
    return world.run(120.0)


def tokens_refused(pool: int) -> World:
    """Every token is refused for five minutes."""

    def upstream(call: Call, account: int, path: Path, now: float) -> Reply:
        return Reply(UNAUTHENTICATED, FAILS_AFTER) if 5.0 <= now < 305.0 else GOOD

    world = World(pool, upstream)
    world.could = lambda now: not 5.0 <= now < 305.0
    world.traffic(20.0, 400.0)
    return world.run(400.0)


def herd(pool: int) -> World:
    """All are spent until one moment; two hundred calls wait for it."""

    def upstream(call: Call, account: int, path: Path, now: float) -> Reply:
        return GOOD if now >= 8.0 else Reply(Fault(Outcome.RATE_LIMITED, 429, delay=8.0 - now), FAILS_AFTER)

    world = World(pool, upstream)
    world.could = lambda now: now >= 8.0
    world.traffic(100.0, 2.0)
    return world.run(30.0)


def _after(world: World, ends: float) -> Figures:
    return figures(world.calls, since=ends + 2.0)


Scenario = Callable[[int], tuple[World, float | None]]

# Name of a scenario -> the world after it, and when its trouble was over, for those with an end.
SCENARIOS: Mapping[str, Scenario] = {
    "one poison request now and then": lambda pool: (poison(pool, INTERNAL, once=True), None),
    "the same poison again and again": lambda pool: (poison(pool, INTERNAL), None),
    "two poisons again and again": lambda pool: (poison(pool, INTERNAL, clients=2), None),
    "poison, another body each time": lambda pool: (poison(pool, INTERNAL, differ=True), None),
    "poison that is answered 503": lambda pool: (poison(pool, OVERLOADED, clients=2), None),
    "poison that resets the connection": lambda pool: (poison(pool, DROPPED, clients=2), None),
    "poison that is answered empty": lambda pool: (poison(pool, EMPTY, clients=2), None),
    "a dead endpoint": lambda pool: (dead_endpoint(pool), None),
    "a black-holed endpoint": lambda pool: (dead_endpoint(pool, swallows=True), None),
    "a dead proxy": lambda pool: (dead_proxy(pool), 30.0 if pool == 1 else None),
    "5 % random 503": lambda pool: (random_503(pool, 0.05), None),
    "40 % random 503": lambda pool: (random_503(pool, 0.4), None),
    "a project at its limit": lambda pool: (at_its_limit(pool), None),
    "a model for 3 of 10": lambda pool: (for_some_only(pool), None),
    "a herd at a reset": lambda pool: (herd(pool), None),
    "an outage of 5 min, 20 calls/s": lambda pool: (outage(pool, 20.0), 305.0),
    "an outage of 5 min, 200 calls/s": lambda pool: (outage(pool, 200.0), 305.0),
    "no connection for a minute": lambda pool: (unreachable(pool), 65.0),
    "every token refused for 5 min": lambda pool: (tokens_refused(pool), 305.0),
}


def play(what: str, pool: int) -> Result:
    """Play one scenario on a pool of a size."""
    world, over = SCENARIOS[what](pool)
    budget = max(20, 2 * pool)
    return Result(what, pool, figures(world.calls), budget, None if over is None else _after(world, over))
