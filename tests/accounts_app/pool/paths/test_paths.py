"""The status of paths to upstream: open, used last or down, and how they come back."""

import pytest

from accounts_app.pool.backoff import Spread
from accounts_app.pool.paths.paths import HANGING, SILENT_CALLS, SILENT_SECONDS, Path, Paths, PathStatus

NOW = 10_000.0
PROXY = "socks5://user:secret@proxy:1080"
A, B = Path("https://a.example"), Path("https://b.example")
A_BY_PROXY, B_BY_PROXY = Path(A.base, PROXY), Path(B.base, PROXY)


class Even(Spread):
    """Adds nothing to lengths."""

    def __call__(self, length: float, part: float, limit: float = 0.0) -> float:
        return length


@pytest.fixture
def paths() -> Paths:
    return Paths(Even())


def refuse(paths: Paths, path: Path, times: int = 2, now: float = NOW, proxy: bool = False) -> None:
    for number in range(times):
        paths.refused(path, now + number / 10, now + number / 10, proxy=proxy)


def test_the_limits_are_those_of_the_table_of_blame():
    assert (HANGING, SILENT_CALLS, SILENT_SECONDS) == (2.0, 3, 30.0)


def test_a_path_shows_no_password():
    assert repr(A_BY_PROXY) == "<Path https://a.example through a proxy>"
    assert repr(A) == "<Path https://a.example>"


def test_no_path_is_down_at_first(paths):
    assert paths.status(A, NOW) is PathStatus.OPEN
    assert repr(paths) == "<Paths: none down>"
    assert not paths.has_changed


class TestRefused:
    def test_the_second_failed_connection_in_a_row_takes_it_down(self, paths):
        refuse(paths, A, times=1)
        assert paths.status(A, NOW) is PathStatus.OPEN
        assert not paths.has_changed

        refuse(paths, A, times=1, now=NOW + 1)

        assert paths.status(A, NOW) is PathStatus.DOWN
        assert paths.status(B, NOW) is PathStatus.OPEN
        assert (paths.down(), paths.has_changed, paths.uneasy) == ([A], True, {A})
        assert repr(paths) == "<Paths: <Path https://a.example> down>"

    def test_exchanges_in_flight_when_one_failed_do_not_count_again(self, paths):
        paths.refused(A, NOW, NOW + 5, proxy=False)
        paths.refused(A, NOW + 4.9, NOW + 5, proxy=False)
        assert paths.status(A, NOW + 5) is PathStatus.OPEN

        paths.refused(A, NOW + 5, NOW + 6, proxy=False)

        assert paths.status(A, NOW + 6) is PathStatus.DOWN

    def test_a_byte_between_two_failures_ends_the_count(self, paths):
        refuse(paths, A, times=1)
        paths.heard(A, NOW + 1)
        refuse(paths, A, times=1, now=NOW + 2)

        assert paths.status(A, NOW + 2) is PathStatus.OPEN

    def test_where_the_proxy_fails_every_path_through_it_is_down(self, paths):
        refuse(paths, A_BY_PROXY, proxy=True)

        assert paths.status(A_BY_PROXY, NOW) is paths.status(B_BY_PROXY, NOW) is PathStatus.DOWN
        assert paths.status(A, NOW) is PathStatus.OPEN
        assert paths.down() == [PROXY]

    def test_without_a_proxy_it_is_the_path(self, paths):
        refuse(paths, A, proxy=True)

        assert paths.down() == [A]


class TestProbes:
    def test_bare_connections_find_out_ever_less_often_whether_it_is_back(self, paths):
        refuse(paths, A)
        due, now = [], NOW + 0.1
        for _ in range(6):
            while not paths.due(now, every_second=False):
                now += 0.5
            due.append(round(now - NOW - 0.1))
            assert paths.due(now + 99, every_second=True) == []  # one at a time
            paths.probed(A, now, ok=False, egress_ok=True)

        assert [after - before for before, after in zip([0, *due], due, strict=False)] == [1, 2, 5, 10, 30, 30]

    def test_every_second_when_no_path_is_left(self, paths):
        refuse(paths, A)
        for later in (10, 30, 50):
            (one,) = paths.due(NOW + later, every_second=False)
            paths.probed(one, NOW + later, ok=False, egress_ok=True)

        assert paths.due(NOW + 50.9, every_second=True) == []
        assert paths.due(NOW + 51, every_second=False) == []
        assert paths.due(NOW + 51, every_second=True) == [A]

    def test_one_that_succeeds_brings_it_back(self, paths):
        refuse(paths, A)
        paths.due(NOW + 9, every_second=False)
        paths.calm()

        paths.probed(A, NOW + 9, ok=True, egress_ok=True)

        assert paths.status(A, NOW + 9) is PathStatus.OPEN
        assert paths.has_changed
        refuse(paths, A, times=1, now=NOW + 10)
        assert paths.status(A, NOW + 10) is PathStatus.OPEN

    def test_the_result_of_a_probe_that_was_not_due_changes_nothing(self, paths):
        refuse(paths, A)

        paths.probed(A, NOW, ok=True, egress_ok=True)
        paths.probed(B, NOW, ok=True, egress_ok=True)

        assert paths.down() == [A]

    def test_a_proxy_is_probed_by_any_path_through_it(self, paths):
        paths.begin(A_BY_PROXY, NOW)
        refuse(paths, A_BY_PROXY, proxy=True)

        assert paths.due(NOW + 9, every_second=False) == [A_BY_PROXY]
        paths.probed(A_BY_PROXY, NOW + 9, ok=False, egress_ok=True)

        assert paths.status(A_BY_PROXY, NOW + 9) is PathStatus.OPEN

    def test_a_proxy_that_no_path_leads_through_is_not_probed(self, paths):
        refuse(paths, A_BY_PROXY, proxy=True)

        assert paths.due(NOW + 9, every_second=False) == []


class TestDetours:
    def test_it_is_used_last_for_longer_each_time_until_it_answers_well(self, paths):
        now, lasted = NOW, []
        for _ in range(6):
            paths.detour(A, now)
            until = next(
                now + seconds for seconds in range(1, 700) if paths.status(A, now + seconds) is PathStatus.OPEN
            )
            lasted.append(until - now)
            now = until

        assert lasted == [60, 120, 240, 480, 600, 600]
        paths.detour(A, now)
        paths.calm()
        paths.answered(A)
        assert (paths.status(A, now), paths.has_changed) == (PathStatus.OPEN, True)
        paths.calm()
        assert paths.uneasy == set()
        paths.detour(A, now)
        assert paths.status(A, now + 60) is PathStatus.OPEN

    def test_failures_during_a_detour_add_nothing(self, paths):
        paths.detour(A, NOW)
        paths.detour(A, NOW + 59)

        assert paths.status(A, NOW + 59.9) is PathStatus.LAST
        assert paths.status(A, NOW + 60) is PathStatus.OPEN

    def test_an_egress_takes_all_its_paths_along(self, paths):
        paths.detour(PROXY, NOW)

        assert paths.status(A_BY_PROXY, NOW) is PathStatus.LAST
        paths.answered(B_BY_PROXY)
        assert paths.status(A_BY_PROXY, NOW) is PathStatus.OPEN

    def test_a_good_answer_where_all_is_well_changes_nothing(self, paths):
        paths.begin(A, NOW)
        paths.answered(A)

        assert not paths.has_changed


class TestHanging:
    def test_while_a_connect_hangs_two_seconds_the_path_is_used_last(self, paths):
        exchange = paths.begin(A, NOW)
        paths.connecting(A, exchange, NOW)

        assert paths.status(A, NOW + 1.9) is PathStatus.OPEN
        assert paths.status(A, NOW + 2) is PathStatus.LAST
        paths.connected(A, exchange)
        assert paths.status(A, NOW + 2) is PathStatus.OPEN

    def test_the_oldest_counts_and_an_exchange_that_ends_hangs_no_more(self, paths):
        first, second = paths.begin(A, NOW), paths.begin(A, NOW)
        paths.connecting(A, first, NOW)
        paths.connecting(A, second, NOW + 5)
        assert paths.status(A, NOW + 5) is PathStatus.LAST

        paths.end(A, first)

        assert paths.status(A, NOW + 6) is PathStatus.OPEN

    def test_it_is_looked_at_again_while_one_waits(self, paths):
        paths.connecting(A, paths.begin(A, NOW), NOW)
        paths.calm()

        assert paths.uneasy == {A}
        paths.connected(A, 1)
        paths.calm()
        assert paths.uneasy == set()


class TestSilence:
    def three_wait(self, paths: Paths, now: float = NOW) -> list[int]:
        return [paths.begin(A, now + number) for number in range(3)]

    def test_three_calls_that_wait_thirty_seconds_for_a_byte_are_silence(self, paths):
        self.three_wait(paths)

        assert paths.uneasy == {A}
        assert paths.status(A, NOW + 31.9) is PathStatus.OPEN
        assert paths.status(A, NOW + 32) is PathStatus.OPEN  # one more call may probe it
        assert paths.begin(A, NOW + 33)
        assert paths.status(A, NOW + 33) is PathStatus.LAST

    def test_it_begins_with_the_thirtieth_second_of_the_third(self, paths):
        self.three_wait(paths)
        paths.status(A, NOW + 31.9)
        paths.begin(A, NOW + 31.95)
        assert paths.status(A, NOW + 31.95) is PathStatus.OPEN

        paths.status(A, NOW + 32)
        paths.begin(A, NOW + 32)

        assert paths.status(A, NOW + 32) is PathStatus.LAST

    def test_a_call_in_the_place_of_one_that_ended_probes_it(self, paths):
        first, *_ = self.three_wait(paths)
        paths.status(A, NOW + 40)

        paths.end(A, first)
        paths.begin(A, NOW + 41)

        assert paths.status(A, NOW + 41) is PathStatus.LAST

    def test_before_three_wait_there_is_none(self, paths):
        paths.connecting(A, paths.begin(A, NOW), NOW)
        paths.status(A, NOW)
        paths.begin(A, NOW)
        paths.begin(A, NOW)

        assert paths.status(A, NOW + 1) is PathStatus.OPEN

    def test_two_are_not(self, paths):
        paths.begin(A, NOW)
        paths.begin(A, NOW)

        assert paths.status(A, NOW + 500) is PathStatus.OPEN
        assert paths.uneasy == set()

    def test_a_byte_ends_it(self, paths):
        self.three_wait(paths)
        paths.status(A, NOW + 40)
        paths.begin(A, NOW + 40)
        assert paths.status(A, NOW + 40) is PathStatus.LAST

        paths.heard(A, NOW + 41)

        assert paths.status(A, NOW + 41) is PathStatus.OPEN
        assert paths.status(A, NOW + 70.9) is PathStatus.OPEN
        paths.status(A, NOW + 71)
        paths.begin(A, NOW + 72)
        assert paths.status(A, NOW + 72) is PathStatus.LAST

    def test_calls_that_end_end_it(self, paths):
        exchanges = self.three_wait(paths)
        paths.status(A, NOW + 40)
        exchanges.append(paths.begin(A, NOW + 40))
        for exchange in exchanges[:2]:
            paths.end(A, exchange)

        assert paths.status(A, NOW + 41) is PathStatus.OPEN

    def test_whether_anything_was_heard_since_is_known(self, paths):
        assert not paths.heard_since(A, 0.0)
        paths.heard(A, NOW)

        assert paths.heard_since(A, NOW - 0.1)
        assert not paths.heard_since(A, NOW)


def test_unused_paths_are_forgotten_but_for_those_with_calls_in_flight(paths):
    exchange = paths.begin(A, NOW)
    paths.detour(B, NOW)
    paths.detour(PROXY, NOW)
    paths.detour(A, NOW)

    paths.keep({PROXY})

    assert [paths.status(each, NOW) for each in (A, B, B_BY_PROXY)] == [
        PathStatus.LAST,
        PathStatus.OPEN,
        PathStatus.LAST,
    ]
    paths.end(A, exchange)
    paths.keep({PROXY})
    assert paths.status(A, NOW) is PathStatus.OPEN
