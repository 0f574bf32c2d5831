"""The bounds of the scenarios of `bench.simulation`: innocent calls that are lost, and requests that reach upstream.

Simulated time only. An innocent call is lost if it fails while an account could have answered it.
"""

import pytest

from accounts_app.pool.outcomes import Fault, Outcome
from bench.simulation import scenarios
from bench.simulation.scenarios import DROPPED, EMPTY, INTERNAL, OVERLOADED, POOLS, SCENARIOS, Result, play
from bench.simulation.world import World, figures

# A conversation of the poison differs from an innocent one only by its results.
POISONS = [name for name in SCENARIOS if "poison" in name]
ON_THE_WAY = ["a dead endpoint", "a black-holed endpoint", "a model for 3 of 10", "a herd at a reset"]
OUTAGES = ["an outage of 5 min, 20 calls/s", "no connection for a minute", "every token refused for 5 min"]


@pytest.mark.parametrize("pool", POOLS)
@pytest.mark.parametrize("what", POISONS)
def test_one_clients_bad_request_costs_the_others_nothing(what, pool):
    result = play(what, pool)

    assert result.calls.lost == 0
    assert result.calls.asked_each == 1.0
    assert result.calls.slowest < 0.5


@pytest.mark.parametrize("fault", [INTERNAL, OVERLOADED, DROPPED, EMPTY, Fault(Outcome.BARE_429, 429)], ids=str)
@pytest.mark.parametrize("pool", [1, 2, 10])
def test_no_account_is_blamed_for_a_bad_request(fault, pool):
    world = scenarios.poison(pool, fault, clients=2, differ=True)

    assert len(world.blame.board.cooldowns) == 0
    assert world.blame.paths.down() == []


@pytest.mark.parametrize("pool", POOLS)
def test_a_request_that_fails_again_and_again_is_asked_once(pool):
    world = scenarios.poison(pool, OVERLOADED)
    poisoned = [call for call in world.calls if not call.innocent]

    assert (
        sum(call.asked for call in poisoned) <= len(poisoned) + 30
    )  # the first two fail while others of it are in flight


@pytest.mark.parametrize("pool", POOLS)
@pytest.mark.parametrize("what", ON_THE_WAY)
def test_trouble_on_the_way_loses_no_call(what, pool):
    assert play(what, pool).calls.lost == 0


@pytest.mark.parametrize("pool", POOLS)
def test_a_dead_endpoint_is_met_twice_and_then_left_alone(pool):
    asked_main = 0

    def counting(call, account, path, now):
        nonlocal asked_main
        asked_main += path.base == scenarios.MAIN
        return scenarios.GOOD if path.base != scenarios.MAIN else scenarios.Reply(scenarios.NO_CONNECTION, 0.001, False)

    world = World(pool, counting)
    world.connects = lambda path, now: path.base != scenarios.MAIN
    world.traffic(20.0, 60.0)
    world.run(60.0)

    assert asked_main == 2
    assert figures(world.calls).lost == 0


@pytest.mark.parametrize("pool", POOLS[1:])
def test_a_dead_proxy_costs_a_few_calls_five_seconds_and_no_more(pool):
    world = scenarios.dead_proxy(pool)
    slow = [call for call in world.calls if call.ended is not None and call.ended - call.arrived > 1.0]

    assert figures(world.calls).lost == 0
    assert max((call.ended or 0.0) - call.arrived for call in world.calls) < 5.5
    assert len(slow) <= 100  # those of the first seconds, in a pool of two


@pytest.mark.parametrize(("part", "lost"), [(0.05, 0.0), (0.4, 0.01)])
@pytest.mark.parametrize("pool", POOLS)
def test_random_trouble_is_hidden_by_retries(part, lost, pool):
    calls = figures(scenarios.random_503(pool, part).calls)

    assert calls.lost <= lost * calls.calls
    assert calls.asked_each <= 1.1 / (1 - part)


@pytest.mark.parametrize("pool", POOLS[1:])
def test_an_account_at_its_limit_hands_over(pool):
    calls = play("a project at its limit", pool).calls

    assert calls.lost == 0
    assert calls.asked_each <= 1.1


def test_an_account_that_refuses_a_model_is_found_out_and_asked_last():
    world = scenarios.for_some_only(10)

    later = figures(world.calls, since=60.0)
    assert later.lost == 0
    assert later.asked_each < 1.02


def holds(result: Result, lost: int = 10) -> None:
    """Few requests reach upstream, and the service is back within two seconds."""
    assert result.calls.asked <= 1.1 * result.calls.calls + result.budget
    assert result.calls.lost <= lost  # those that failed in the very moment it ended
    assert result.after is not None
    assert result.after.calls > 0
    assert result.after.lost == 0


@pytest.mark.parametrize("pool", POOLS)
@pytest.mark.parametrize("what", OUTAGES[:2])
def test_an_outage_is_not_made_worse_and_leaves_nothing_behind(what, pool):
    holds(play(what, pool))


def test_an_outage_under_much_traffic_is_not_made_worse_either():
    holds(play("an outage of 5 min, 200 calls/s", 10))


@pytest.mark.parametrize("pool", POOLS[:3])
def test_tokens_refused_for_minutes_take_no_account_out(pool):
    world = scenarios.tokens_refused(pool)

    assert world.blame.board.taken_out == {}
    assert figures(world.calls, since=305.0 + 61.0).lost == 0
    assert sum(world.seen.values()) <= 1.1 * len(world.calls)
