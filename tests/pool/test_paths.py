"""How paths go down, come back, and when they stand last."""

from accounts_app.pool.backoff import Spread
from accounts_app.pool.paths import Path, Paths, Shape

NOW = 10_000.0
ONE, TWO = Path("https://one.example"), Path("https://two.example")
BEHIND, OTHER = (
    Path("https://one.example", "http://user:secret@proxy"),
    Path("https://two.example", "http://user:secret@proxy"),
)


class Unspread(Spread):
    def __call__(self, length, part, limit=0.0):
        return length


def paths() -> Paths:
    return Paths(Unspread())


def fails(known: Paths, path: Path, now: float, *, since: float | None = None, proxy: bool = False) -> None:
    known.refused(path, now if since is None else since, now, proxy=proxy)


def is_down(known: Paths, path: Path = ONE, now: float = NOW) -> bool:
    return known.shape(path, now) is Shape.DOWN


def test_a_path_is_down_after_two_failures_in_a_row():
    known = paths()

    fails(known, ONE, NOW)
    assert not is_down(known)
    fails(known, ONE, NOW + 1)

    assert is_down(known)
    assert not is_down(known, TWO)
    assert known.down() == [ONE]


def test_a_byte_in_between_breaks_the_row():
    known = paths()

    fails(known, ONE, NOW)
    known.heard(ONE, NOW + 1)
    fails(known, ONE, NOW + 2)

    assert not is_down(known)


def test_calls_already_in_flight_add_no_further_step():
    known = paths()

    for number in range(20):
        fails(known, ONE, NOW + 5 + number / 10, since=NOW + number / 100)

    assert not is_down(known)
    fails(known, ONE, NOW + 10, since=NOW + 8)
    assert is_down(known)


def test_a_proxy_that_fails_itself_takes_all_its_paths_down():
    known = paths()

    for second in range(2):
        fails(known, BEHIND, NOW + second, proxy=True)

    assert is_down(known, BEHIND)
    assert is_down(known, OTHER)
    assert not is_down(known, ONE)


def test_bare_connections_are_tried_ever_less_and_bring_it_back():
    known, now, waits = paths(), NOW, []
    known.begin(ONE, NOW)
    for second in range(2):
        fails(known, ONE, NOW + second)
    since = now = NOW + 1
    for _ in range(6):
        while not (due := known.due(now, every_second=False)):
            now += 0.25
        waits.append(now - since)
        assert due == [ONE]
        assert known.due(now + 100, every_second=True) == []  # one at a time
        known.probed(ONE, now, ok=False, egress_ok=False)
        since = now

    assert waits == [1.0, 2.0, 5.0, 10.0, 30.0, 30.0]
    assert known.due(now + 1, every_second=True) == [ONE]
    known.probed(ONE, now + 1, ok=True, egress_ok=True)
    assert not is_down(known)


def test_a_proxy_is_back_when_it_takes_a_connection_though_the_endpoint_does_not():
    known = paths()
    known.begin(BEHIND, NOW)
    for second in range(2):
        fails(known, BEHIND, NOW + second, proxy=True)

    (due,) = known.due(NOW + 3, every_second=False)
    known.probed(due, NOW + 3, ok=False, egress_ok=True)

    assert not is_down(known, BEHIND)


def test_a_connection_that_hangs_turns_others_away_until_it_is_there():
    known = paths()
    exchange = known.begin(ONE, NOW)
    known.connecting(ONE, exchange, NOW)

    assert known.shape(ONE, NOW + 1.9) is Shape.OPEN
    assert known.shape(ONE, NOW + 2) is Shape.LAST
    known.connected(ONE, exchange)
    assert known.shape(ONE, NOW + 3) is Shape.OPEN


def test_a_silent_path_stands_last_and_gets_one_call_at_a_time_until_a_byte_comes():
    known = paths()
    exchanges = [known.begin(ONE, NOW + second) for second in range(3)]
    assert known.shape(ONE, NOW + 31) is Shape.OPEN
    assert known.shape(ONE, NOW + 32) is Shape.OPEN  # the next call finds out

    known.begin(ONE, NOW + 33)
    assert known.shape(ONE, NOW + 33) is Shape.LAST

    known.heard(ONE, NOW + 40)
    known.end(ONE, exchanges[0])
    assert known.shape(ONE, NOW + 40) is Shape.OPEN


def test_a_path_with_bytes_is_not_silent_however_many_wait():
    known = paths()
    for second in range(50):
        known.begin(ONE, NOW + second)
        known.heard(ONE, NOW + second)

    assert known.shape(ONE, NOW + 60) is Shape.OPEN


def test_a_detour_lasts_longer_each_time_until_a_good_answer():
    known, now, lengths = paths(), NOW, []
    for _ in range(6):
        known.detour(ONE, now)
        known.detour(ONE, now)  # at once is no further step
        began = now
        while known.shape(ONE, now) is Shape.LAST:
            now += 1
        lengths.append(now - began)

    assert lengths == [60.0, 120.0, 240.0, 480.0, 600.0, 600.0]
    known.detour(ONE, now)
    known.answered(ONE)
    assert known.shape(ONE, now) is Shape.OPEN


def test_a_blocked_egress_is_last_for_all_its_paths():
    known = paths()

    known.detour(BEHIND.egress, NOW)

    assert [known.shape(path, NOW) for path in (BEHIND, OTHER, ONE)] == [Shape.LAST, Shape.LAST, Shape.OPEN]


def test_what_nobody_uses_any_more_is_forgotten():
    known = paths()
    for number in range(100):
        known.begin(Path(f"https://{number}.example"), NOW)
        known.end(Path(f"https://{number}.example"), number + 1)

    known.keep({ONE})

    assert len(known._of) == 0


def test_no_path_shows_its_proxy():
    assert "secret" not in repr(BEHIND) + repr(paths())
    assert repr(BEHIND) == "<Path https://one.example through a proxy>"
