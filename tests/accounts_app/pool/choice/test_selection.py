"""The properties of the ring and the strategies, for any pool."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts_app.pool.choice.selection import (
    QUARTERS,
    Choice,
    FillOrder,
    Load,
    Ring,
    Strategy,
    bound,
    by_affinity,
    first_by_priority,
    in_turn,
    quarters,
)

KEYS = st.integers(min_value=0, max_value=2**64 - 1)
POOLS = st.dictionaries(st.integers(1, 10**6), st.integers(1, 4), min_size=1, max_size=12)
NO_LOAD = Load({}, 0)
CROWD = Ring(dict.fromkeys(range(1, 1301), 2))
few = settings(max_examples=20, deadline=None)


def all_ready(ring: Ring) -> dict[int, int]:
    return dict.fromkeys(ring.accounts, QUARTERS)


def total(ring: Ring, ready: dict[int, int]) -> int:
    return sum(ring.weights[account] * counted for account, counted in ready.items())


def choose(ring: Ring, key: int, ready: dict[int, int] | None = None, load: Load = NO_LOAD, tried=()) -> Choice | None:
    ready = all_ready(ring) if ready is None else ready
    return by_affinity(ring, key, ready, total_weight=total(ring, ready), load=load, tried=tried)


def chosen(*args, **options) -> int:
    choice = choose(*args, **options)
    assert choice is not None
    return choice.account


@few
@given(POOLS, st.lists(KEYS, min_size=1, max_size=40), st.data())
def test_losing_an_account_moves_only_its_own_sessions(pool, keys, draw):
    lost = draw.draw(st.sampled_from(sorted(pool)))
    ring = Ring(pool)
    smaller = ring.changed({lost: 0})

    for key in keys:
        before = chosen(ring, key)
        if before != lost:
            assert chosen(smaller, key) == before


@few
@given(POOLS, st.lists(KEYS, min_size=1, max_size=20), st.data())
def test_an_account_that_cannot_serve_is_passed_over_as_if_it_were_lost(pool, keys, draw):
    cooling_down = draw.draw(st.sets(st.sampled_from(sorted(pool)), max_size=len(pool) - 1))
    ring = Ring(pool)
    ready = {account: QUARTERS for account in pool if account not in cooling_down}
    without = Ring({account: weight for account, weight in pool.items() if account in ready})

    for key in keys:
        assert chosen(ring, key, ready) == chosen(without, key)


@few
@given(POOLS, KEYS, st.data())
def test_only_an_account_that_is_ready_and_untried_is_chosen(pool, key, draw):
    ready = dict.fromkeys(draw.draw(st.sets(st.sampled_from(sorted(pool)))), QUARTERS)
    tried = draw.draw(st.sets(st.sampled_from(sorted(pool))))

    choice = choose(Ring(pool), key, ready, tried=tried)

    if ready.keys() - tried:
        assert choice is not None
        assert choice.account in ready.keys() - tried
    else:
        assert choice is None


@few
@given(POOLS, st.lists(KEYS, min_size=1, max_size=60), st.data())
def test_no_account_is_loaded_above_its_bound(pool, keys, draw):
    ring = Ring(pool)
    ready = {account: draw.draw(st.integers(1, QUARTERS)) for account in pool}
    weight = total(ring, ready)
    load: dict[int, int] = {}

    for calls, key in enumerate(keys):
        account = chosen(ring, key, ready, Load(load, calls))
        load[account] = load.get(account, 0) + 1
        assert load[account] <= bound(calls, pool[account] * ready[account], weight)


@few
@given(POOLS, st.lists(KEYS, min_size=1, max_size=20), st.randoms())
def test_the_order_of_arrival_does_not_matter(pool, keys, random):
    shuffled = list(pool)
    random.shuffle(shuffled)
    grown = Ring()
    for account in shuffled:
        grown = grown.changed({account: pool[account]})

    whole = Ring(pool)

    assert [chosen(grown, key) for key in keys] == [chosen(whole, key) for key in keys]
    assert (grown._places, grown._owners) == (whole._places, whole._owners)


@few
@given(POOLS, st.dictionaries(st.integers(1, 10**6), st.integers(0, 4), max_size=3))
def test_a_changed_ring_is_the_ring_made_anew(pool, changes):
    changed = Ring(pool).changed(changes)
    anew = Ring({account: weight for account, weight in {**pool, **changes}.items() if weight})

    assert (changed._places, changed._owners) == (anew._places, anew._owners)
    assert (changed.accounts, changed.weights) == (anew.accounts, anew.weights)


def test_a_changed_large_ring_is_the_ring_made_anew():
    pool = dict.fromkeys(range(1, 200), 2)

    changed = Ring(pool).changed({7: 0, 8: 4, 500: 3})
    anew = Ring({**{account: weight for account, weight in pool.items() if account != 7}, 8: 4, 500: 3})

    assert (changed._places, changed._owners) == (anew._places, anew._owners)


@few
@given(st.lists(KEYS, min_size=1, max_size=10), st.sets(st.integers(1, 1300), min_size=1, max_size=3), st.data())
def test_a_few_among_many_are_found_as_if_the_ring_were_walked(keys, few_ready, draw):
    ready = {account: draw.draw(st.integers(1, QUARTERS)) for account in few_ready}
    small = Ring(dict.fromkeys(few_ready, 2))

    for key in keys:
        assert chosen(CROWD, key, ready) == chosen(small, key, ready)


@few
@given(POOLS, st.lists(KEYS, min_size=1, max_size=30), st.data())
def test_a_quota_that_shrinks_moves_only_sessions_of_its_own_account(pool, keys, draw):
    shrinking = draw.draw(st.sampled_from(sorted(pool)))
    ring = Ring(pool)

    for key in keys:
        before = chosen(ring, key)
        after = chosen(ring, key, {**all_ready(ring), shrinking: 1})
        assert after == before or before == shrinking


def test_weight_and_quota_say_how_many_sessions_an_account_gets():
    ring = Ring({1: 4, 2: 2, 3: 2})
    ready = {1: QUARTERS, 2: QUARTERS, 3: 1}
    sessions = [chosen(ring, key * 0x9E3779B97F4A7C15 % 2**64, ready) for key in range(3000)]

    assert sessions.count(1) > sessions.count(2) > sessions.count(3) > 0


def test_a_session_above_its_accounts_share_goes_to_the_next_and_says_so():
    ring = Ring({1: 2, 2: 2, 3: 2})
    home = chosen(ring, 42)

    choice = choose(ring, 42, load=Load({home: 1}, 1))

    assert choice is not None
    assert choice.account != home
    assert choice.why == "affinity, 1 passed over at their share"
    assert choose(ring, 42) == Choice(home, "affinity")


@pytest.mark.parametrize(
    ("in_flight", "weight", "in_all", "most"),
    [(0, 1, 10, 1), (7, 1, 10, 1), (8, 1, 10, 2), (99, 1, 10, 13), (99, 2, 10, 25), (3, 8, 8, 5)],
)
def test_no_bound_is_more_than_a_quarter_above_the_share(in_flight, weight, in_all, most):
    assert bound(in_flight, weight, in_all) == most


def test_the_only_account_not_tried_may_get_all_calls():
    ring = Ring({1: 2, 2: 2, 3: 2})

    assert chosen(ring, 42, load=Load({3: 9}, 9), tried={1, 2}) == 3


def test_sessions_keep_their_accounts_from_one_version_to_the_next():
    ring = Ring({1: 2, 2: 2, 3: 4})
    ends = Ring({7: 1, 11: 1})

    assert [chosen(ring, key * 0x9E3779B97F4A7C15 % 2**64) for key in range(12)] == [1, 3, 1, 1, 1, 3, 1, 3, 1, 3, 2, 2]
    assert [chosen(ends, key) for key in (0, 2**63, 2**64 - 1)] == [11, 11, 11]
    assert repr(ring) == "<Ring 3 accounts, 128 places>"


def test_of_a_longer_key_64_bits_count():
    for ready in (None, {7: QUARTERS}, {7: QUARTERS, 900: 1}):
        for key in (42, 2**63, 0x9E3779B97F4A7C15):
            assert chosen(CROWD, key + 2**64, ready) == chosen(CROWD, key + 2**65, ready) == chosen(CROWD, key, ready)


def test_strategies_are_named_as_they_are_stored():
    assert list(Strategy) == ["consistent_hash", "round_robin", "fill_first"]


def test_what_is_left_of_a_quota_counts_in_quarters_and_never_for_nothing():
    assert [quarters(left) for left in (None, 1.0, 0.76, 0.75, 0.5, 0.2, 0.0, -1.0, 7.0)] == [4, 4, 4, 3, 2, 1, 1, 1, 4]


def test_round_robin_asks_each_account():
    turns, last = [], 0
    for _ in range(7):
        choice = in_turn([1, 2, 5, 9], last, {1: 4, 5: 4, 9: 4})
        assert choice is not None
        last = choice.account
        turns.append(last)

    assert turns == [1, 5, 9, 1, 5, 9, 1]


def test_round_robin_passes_over_those_tried_and_ends_when_all_are():
    assert in_turn([1, 2, 3], 0, {1: 4, 2: 4}, tried={1}) == Choice(2, "round robin")
    assert in_turn([1, 2, 3], 0, {1: 4, 2: 4}, tried={1, 2}) is None


@few
@given(st.sets(st.integers(1, 1200), min_size=1, max_size=3), st.integers(0, 1201))
def test_round_robin_asks_a_few_among_many_alike(ready, last):
    after = sorted(account for account in ready if account > last) or sorted(ready)

    assert in_turn(range(1, 1201), last, dict.fromkeys(ready, 4)) == Choice(after[0], "round robin")


def test_accounts_are_filled_by_priority_then_age():
    order, ready = FillOrder(), {1, 2, 3}
    for account, priority in ((1, 5), (2, 0), (3, 0)):
        order.add(account, priority)

    firsts = []
    while choice := order.first(ready.__contains__):
        firsts.append(choice.account)
        ready.remove(choice.account)

    assert firsts == [2, 3, 1]


def test_a_filled_account_that_is_back_is_first_again():
    order = FillOrder()
    order.add(1, 0)
    order.add(2, 0)
    assert order.first({2}.__contains__) == Choice(2, "fill first")

    order.add(1, 0)

    assert order.first({1, 2}.__contains__) == Choice(1, "fill first")
    assert order.first({1, 2}.__contains__, tried={1}) == Choice(2, "fill first")
    assert order.first({1, 2}.__contains__) == Choice(1, "fill first")


def test_an_account_whose_priority_changed_moves_in_the_order():
    order = FillOrder()
    order.add(1, 0)
    order.add(2, 1)

    order.add(1, 2)

    assert order.first({1, 2}.__contains__) == Choice(2, "fill first")


def test_of_a_few_accounts_the_first_by_priority_and_then_the_oldest_is_filled():
    priority = {1: 5, 2: 1, 3: 1}

    assert first_by_priority([3, 1, 2], priority) == Choice(2, "fill first")
    assert first_by_priority([3, 1, 2], priority, tried=[2]) == Choice(3, "fill first")
    assert first_by_priority([1], priority, tried=[1]) is None
