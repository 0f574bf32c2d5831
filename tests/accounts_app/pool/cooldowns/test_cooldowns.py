"""The cooldowns of all accounts, and the probes of half-open ones."""

from accounts_app.pool.cooldowns.cooldown import Cooldown, cleared
from accounts_app.pool.cooldowns.cooldowns import MODELS, PROBE_SECONDS, Cooldowns

NOW = 10_000.0
FLASH, PRO, ALL = "flash", "pro", ""


def cooldown(until: float, **fields) -> Cooldown:
    return Cooldown(until=until, reason="rate_limited", streak=1, window_until=until, **fields)


def cooling_down(*laid: tuple[int, str, float]) -> Cooldowns:
    made = Cooldowns()
    for account, model, until in laid:
        made.put(account, model, cooldown(until))
    return made


def test_cooldowns_tell_their_state():
    cooldowns = cooling_down((1, FLASH, NOW + 5), (2, ALL, NOW + 5))
    cooldowns.probe(1, [FLASH], NOW)

    assert (repr(cooldowns), len(cooldowns)) == ("<Cooldowns 2, 1 probed>", 2)
    assert (MODELS, PROBE_SECONDS) == (64, 30.0)


def test_a_model_is_concerned_by_its_own_cooldown_and_by_the_whole_accounts():
    cooldowns = cooling_down((1, FLASH, NOW + 5), (1, ALL, NOW + 9), (2, PRO, NOW + 7))

    assert [of for of, _ in cooldowns.both(1, FLASH)] == [ALL, FLASH]
    assert [of for of, _ in cooldowns.both(1, PRO)] == [ALL]
    assert cooldowns.both(3, FLASH) == []
    assert [cooldowns.until(1, FLASH), cooldowns.until(1, PRO), cooldowns.until(2, PRO), cooldowns.until(2, FLASH)] == [
        NOW + 9, NOW + 9, NOW + 7, 0.0,
    ]  # fmt: skip
    assert set(cooldowns.accounts_with(FLASH)) == {1}
    assert set(cooldowns.accounts_with("unknown")) == set()


def test_those_in_force_are_listed():
    cooldowns = cooling_down((1, FLASH, NOW + 5), (2, ALL, NOW - 5))

    assert cooldowns.on(NOW) == [(1, FLASH, cooldown(NOW + 5))]
    assert cooldowns.on(NOW + 5) == []


def test_one_that_is_cleared_leaves_nothing_behind():
    cooldowns = cooling_down((1, FLASH, NOW), (1, PRO, NOW), (2, PRO, NOW))
    cooldowns.probe(1, [FLASH], NOW)

    cooldowns.put(1, FLASH, None)
    cooldowns.put(1, FLASH, None)
    cooldowns.put(1, PRO, cleared(NOW))

    assert (cooldowns.get(1, FLASH), cooldowns.get(1, PRO), len(cooldowns)) == (None, None, 1)
    assert cooldowns.both(1, PRO) == []
    assert repr(cooldowns) == "<Cooldowns 1, 0 probed>"
    assert set(cooldowns.accounts_with(FLASH)) == set()
    assert set(cooldowns.accounts_with(PRO)) == {2}


def test_an_account_has_at_most_64_and_the_one_of_the_whole_account_stays():
    cooldowns = cooling_down((1, ALL, NOW), *((1, f"m{number}", NOW) for number in range(MODELS + 5)))

    assert len(cooldowns) == MODELS
    assert cooldowns.get(1, ALL) is not None
    assert cooldowns.get(1, "m5") is None
    assert cooldowns.get(1, "m6") is not None


class TestProbes:
    def test_one_call_probes_a_half_open_account_and_others_wait_half_a_minute(self):
        cooldowns = cooling_down((1, FLASH, NOW), (1, ALL, NOW + 5))
        assert cooldowns.half_open(1, FLASH, NOW) == [FLASH]
        assert cooldowns.half_open(1, FLASH, NOW + 5) == [ALL, FLASH]

        cooldowns.probe(1, [FLASH], NOW)

        assert cooldowns.probing_until(1, FLASH, NOW) == NOW + 30
        assert cooldowns.half_open(1, FLASH, NOW + 29) == [ALL]
        assert cooldowns.probing_until(1, FLASH, NOW + 30) is None
        assert cooldowns.half_open(1, FLASH, NOW + 30) == [ALL, FLASH]
        assert cooldowns.probing_until(1, PRO, NOW) is None

    def test_a_probe_that_ends_late_does_not_end_anothers(self):
        cooldowns = cooling_down((1, FLASH, NOW), (1, ALL, NOW))
        first = cooldowns.probe(1, [FLASH, ALL], NOW)
        second = cooldowns.probe(1, [FLASH], NOW + 31)

        assert cooldowns.let_go(1, first) == [ALL]
        assert cooldowns.probing_until(1, FLASH, NOW + 32) == NOW + 61
        assert cooldowns.let_go(1, second) == [FLASH]
        assert cooldowns.let_go(1, second) == []

    def test_a_new_cooldown_has_no_probe(self):
        cooldowns = cooling_down((1, FLASH, NOW))
        probed = cooldowns.probe(1, [FLASH], NOW)

        cooldowns.put(1, FLASH, cooldown(NOW + 5))

        assert cooldowns.probing_until(1, FLASH, NOW) is None
        assert cooldowns.let_go(1, probed) == []
