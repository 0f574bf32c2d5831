"""Accounts that share endpoints and egress share a way, whose status is that of its best path."""

import pytest

from accounts_app.pool.backoff import Spread
from accounts_app.pool.paths.paths import Path, Paths, PathStatus
from accounts_app.pool.paths.ways import Ways
from tests.accounts_app.pool.choice.test_board import Someone

NOW = 10_000.0
A, B = Path("https://a.example"), Path("https://b.example")
BOTH = (A.base, B.base)


@pytest.fixture
def ways() -> Ways:
    return Ways(Paths(Spread()))


def take_down(ways: Ways, path: Path) -> None:
    for second in (0, 1):
        ways.paths.refused(path, NOW + second, NOW + second, proxy=False)


def test_accounts_with_the_same_endpoints_and_egress_share_a_way(ways):
    for account, proxy in ((1, ""), (2, ""), (3, "http://proxy:1")):
        ways.put(account, Someone(bases=BOTH, proxy_url=proxy), NOW)

    assert ways.of(1) is ways.of(2)
    assert ways.of(3) is not ways.of(1)
    assert repr(ways) == "<Ways: 2 of 3 accounts>"
    assert (ways.leaving_by(""), ways.leaving_by("http://proxy:1")) == ({1, 2}, {3})


def test_the_best_path_is_the_first_open_one(ways):
    ways.put(1, Someone(bases=BOTH), NOW)
    assert ways.best(1, [], NOW) == A
    assert ways.best(1, [A], NOW) == B
    assert ways.best(1, [A, B], NOW) is None

    take_down(ways, A)

    assert ways.best(1, [], NOW + 1) == B
    assert ways.best(2, [], NOW) is None


def test_a_way_is_down_when_all_its_paths_are(ways):
    ways.put(1, Someone(bases=BOTH), NOW)
    take_down(ways, A)
    assert ways.changed(NOW + 1) == []
    assert not ways.none_is_left

    take_down(ways, B)

    assert ways.changed(NOW + 1) == [1]
    assert ways.of(1).status is PathStatus.DOWN
    assert ways.none_is_left


def test_a_way_that_no_account_in_service_uses_does_not_count_as_left(ways):
    ways.put(1, Someone(bases=(A.base,)), NOW)
    ways.put(2, Someone(bases=(B.base,), enabled=False), NOW)
    take_down(ways, A)
    ways.changed(NOW + 1)

    assert ways.none_is_left


def test_a_way_without_accounts_is_forgotten(ways):
    ways.put(1, Someone(bases=BOTH), NOW)

    ways.put(1, None, NOW)
    ways.tidy()

    assert repr(ways) == "<Ways: 0 of 0 accounts>"
    assert ways.leaving_by("") == set()


def test_a_detour_is_used_before_none_and_after_what_is_open(ways):
    ways.put(1, Someone(bases=BOTH), NOW)
    ways.paths.detour(A, NOW)
    assert ways.best(1, [], NOW) == B
    ways.paths.detour(B, NOW)
    assert ways.best(1, [], NOW) == A

    take_down(ways, A)
    assert ways.best(1, [], NOW + 1) == B
    take_down(ways, B)
    assert ways.best(1, [], NOW + 1) is None
