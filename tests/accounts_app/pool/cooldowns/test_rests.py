"""The rests of all accounts, and the calls that try out whether one is over."""

from accounts_app.pool.cooldowns.cooldown import Rest, cleared
from accounts_app.pool.cooldowns.rests import MODELS, PROBE_PATIENCE, Rests

NOW = 10_000.0
FLASH, PRO, ALL = "flash", "pro", ""


def rest(until: float, **fields) -> Rest:
    return Rest(until=until, reason="rate_limited", streak=1, window_until=until, **fields)


def resting(*laid: tuple[int, str, float]) -> Rests:
    made = Rests()
    for account, model, until in laid:
        made.put(account, model, rest(until))
    return made


def test_rests_tell_their_state():
    rests = resting((1, FLASH, NOW + 5), (2, ALL, NOW + 5))
    rests.probe(1, [FLASH], NOW)

    assert (repr(rests), len(rests)) == ("<Rests 2, 1 being tried out>", 2)
    assert (MODELS, PROBE_PATIENCE) == (64, 30.0)


def test_a_model_is_concerned_by_its_own_rest_and_by_the_whole_accounts():
    rests = resting((1, FLASH, NOW + 5), (1, ALL, NOW + 9), (2, PRO, NOW + 7))

    assert [of for of, _ in rests.both(1, FLASH)] == [ALL, FLASH]
    assert [of for of, _ in rests.both(1, PRO)] == [ALL]
    assert rests.both(3, FLASH) == []
    assert [rests.until(1, FLASH), rests.until(1, PRO), rests.until(2, PRO), rests.until(2, FLASH)] == [
        NOW + 9, NOW + 9, NOW + 7, 0.0,
    ]  # fmt: skip
    assert set(rests.accounts_with(FLASH)) == {1}
    assert set(rests.accounts_with("unknown")) == set()


def test_those_that_are_on_are_told():
    rests = resting((1, FLASH, NOW + 5), (2, ALL, NOW - 5))

    assert rests.on(NOW) == [(1, FLASH, rest(NOW + 5))]
    assert rests.on(NOW + 5) == []


def test_one_that_is_cleared_leaves_nothing_behind():
    rests = resting((1, FLASH, NOW), (1, PRO, NOW), (2, PRO, NOW))
    rests.probe(1, [FLASH], NOW)

    rests.put(1, FLASH, None)
    rests.put(1, FLASH, None)
    rests.put(1, PRO, cleared(NOW))

    assert (rests.get(1, FLASH), rests.get(1, PRO), len(rests)) == (None, None, 1)
    assert rests.both(1, PRO) == []
    assert repr(rests) == "<Rests 1, 0 being tried out>"
    assert set(rests.accounts_with(FLASH)) == set()
    assert set(rests.accounts_with(PRO)) == {2}


def test_an_account_has_at_most_64_and_the_one_of_the_whole_account_stays():
    rests = resting((1, ALL, NOW), *((1, f"m{number}", NOW) for number in range(MODELS + 5)))

    assert len(rests) == MODELS
    assert rests.get(1, ALL) is not None
    assert rests.get(1, "m5") is None
    assert rests.get(1, "m6") is not None


class TestProbes:
    def test_one_call_tries_what_is_over_and_others_wait_for_half_a_minute(self):
        rests = resting((1, FLASH, NOW), (1, ALL, NOW + 5))
        assert rests.half_open(1, FLASH, NOW) == [FLASH]
        assert rests.half_open(1, FLASH, NOW + 5) == [ALL, FLASH]

        rests.probe(1, [FLASH], NOW)

        assert rests.probing_until(1, FLASH, NOW) == NOW + 30
        assert rests.half_open(1, FLASH, NOW + 29) == [ALL]
        assert rests.probing_until(1, FLASH, NOW + 30) is None
        assert rests.half_open(1, FLASH, NOW + 30) == [ALL, FLASH]
        assert rests.probing_until(1, PRO, NOW) is None

    def test_a_probe_that_ends_late_does_not_end_anothers(self):
        rests = resting((1, FLASH, NOW), (1, ALL, NOW))
        first = rests.probe(1, [FLASH, ALL], NOW)
        second = rests.probe(1, [FLASH], NOW + 31)

        assert rests.let_go(1, first) == [ALL]
        assert rests.probing_until(1, FLASH, NOW + 32) == NOW + 61
        assert rests.let_go(1, second) == [FLASH]
        assert rests.let_go(1, second) == []

    def test_a_new_rest_has_nobody_trying_it(self):
        rests = resting((1, FLASH, NOW))
        probed = rests.probe(1, [FLASH], NOW)

        rests.put(1, FLASH, rest(NOW + 5))

        assert rests.probing_until(1, FLASH, NOW) is None
        assert rests.let_go(1, probed) == []
