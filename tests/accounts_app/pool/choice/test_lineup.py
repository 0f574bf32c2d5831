"""Which of a model's accounts can answer now, and when the next one comes back."""

from accounts_app.pool.choice.lineup import SOON, Lineup
from accounts_app.pool.choice.selection import Ring, Strategy

NOW = 1_000.0
ROUND_ROBIN = Strategy.ROUND_ROBIN


def lineup(*ready: int) -> Lineup:
    made = Lineup("gemini-2.5-flash")
    for account in ready:
        made.admit(account, weight=2, quarters=4, priority=0)
    return made


def test_a_lineup_tells_its_state():
    tells = lineup(1, 2)
    tells.hold(3, NOW)
    tells.borrow(1)

    assert repr(tells) == "<Lineup gemini-2.5-flash: 2 of 3 ready, 0 last, 1 in flight>"


def test_there_is_no_quota_reserve_by_default():
    assert lineup().protection == 0.0
    assert Lineup("m", 0.2).protection == 0.2


def test_an_account_is_due_when_its_time_has_come_and_only_once():
    held = lineup()
    held.hold(9_000, NOW + 5)
    held.hold(1, NOW + 6)

    assert held.due(NOW + 4.9) == []
    assert held.due(NOW + 5) == [9_000]
    assert held.due(NOW + 60) == [1]
    assert held.due(NOW + 60) == []


def test_an_account_that_came_back_sooner_is_not_due_again():
    held = lineup()
    held.hold(1, NOW + 5)
    held.admit(1, weight=1, quarters=4, priority=0)

    assert held.soonest(NOW) is None
    assert held.due(NOW + 5) == []


def test_a_busy_account_is_due_again_soon():
    held = lineup()
    held.hold(1, None)
    assert (held.soonest(NOW), SOON) == (NOW + 1.0, 1.0)

    held.hold(2, NOW + 0.5)
    assert held.soonest(NOW) == NOW + 0.5

    held.leave(1)
    held.hold(2, NOW + 7)
    assert held.soonest(NOW) == NOW + 7


def test_an_account_being_probed_is_placed_anew_when_the_probe_ends_or_takes_too_long():
    held = lineup(1)

    held.probing(1, NOW + 30)

    assert held.ready.accounts == {}
    assert held.soonest(NOW) == NOW + SOON
    assert held.due(NOW + 30) == [1]


def test_no_answer_has_ended_yet():
    assert lineup().finished_at == 0.0


def test_round_robin_begins_with_the_first_account():
    turns, ring = lineup(1, 2), Ring({1: 2, 2: 2})

    chosen = [turns.choose(ROUND_ROBIN, ring, 0, (), {}) for _ in range(3)]

    assert [choice and choice.account for choice in chosen] == [1, 2, 1]


def test_weight_and_load_are_what_the_ready_and_the_borrowed_make_of_them():
    pool = lineup(1, 2)
    pool.borrow(1)
    pool.borrow(1)
    pool.give_back(1)
    pool.admit(2, weight=3, quarters=1, priority=0)

    assert (pool.ready.weight, pool.load, pool.in_flight) == (2 * 4 + 3, {1: 1}, 1)
    pool.give_back(1)
    pool.leave(1)
    assert (pool.ready.weight, pool.load, pool.in_flight, pool.members) == (3, {}, 0, {2})


def test_the_last_are_chosen_when_no_ready_one_is_left():
    pool, ring = lineup(1), Ring({1: 2, 2: 2})
    pool.admit_last(2, weight=2, quarters=4, priority=0, until=NOW + 5)

    for strategy in Strategy:
        choices = [pool.choose(strategy, ring, 7, tried, {1: 0, 2: 0}) for tried in ((), {1}, {1, 2})]
        assert [choice and choice.account for choice in choices] == [1, 2, None]

    assert choices[1] is not None and choices[1].why.endswith("of the deprioritized")
    assert pool.due(NOW + 5) == [2]


def test_what_has_been_overtaken_does_not_fill_the_memory():
    pool = lineup()

    for number in range(10_000):
        pool.hold(1, NOW + 86_400 + number)

    assert len(pool._wakes) <= 18
    assert pool.soonest(NOW) == NOW + 86_400 + 9_999


def test_who_answered_lately_is_remembered_for_ten_minutes_and_not_without_end():
    pool = lineup()
    for account in range(100):
        pool.answered(account, NOW + account)

    assert pool.lately(NOW + 99)[:3] == [99, 98, 97]
    assert len(pool.lately(NOW + 99)) == 32
    assert pool.lately(NOW + 99 + 600) == [99]
