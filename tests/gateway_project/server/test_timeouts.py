"""Whose time is over, by a clock that the tests turn."""

import pytest

from gateway_project.server.timeouts import (
    BODY_BYTES,
    BODY_SECONDS,
    FRESH_SECONDS,
    HEAD_SECONDS,
    IDLE_SECONDS,
    LATE_BODY,
    LATE_HEAD,
    Patience,
)

NOW = 1000.0


class Connection:
    """As much of a connection as is looked at."""

    def __init__(self, name: str = "") -> None:
        self.name = name
        self.received = 0

    def __repr__(self) -> str:
        return self.name


@pytest.fixture
def patience():
    return Patience()


@pytest.fixture
def connection():
    return Connection()


def test_a_head_has_ten_seconds_however_it_trickles_in(patience, connection):
    patience.opened(connection, NOW)
    patience.head_begins(connection, NOW + 5)

    assert list(patience.over(NOW + 5 + HEAD_SECONDS - 0.1)) == []
    assert list(patience.over(NOW + 5 + HEAD_SECONDS)) == [(connection, LATE_HEAD)]
    assert (LATE_HEAD.code, HEAD_SECONDS) == (408, 10.0)


def test_a_head_that_came_is_not_late(patience, connection):
    patience.head_begins(connection, NOW)
    patience.head_ends(connection)

    assert list(patience.over(NOW + 10_000)) == []


def test_a_body_brings_a_kilobyte_a_second(patience, connection):
    patience.body_begins(connection, NOW)
    connection.received += BODY_BYTES - 1

    assert list(patience.over(NOW + BODY_SECONDS - 0.1)) == []
    assert list(patience.over(NOW + BODY_SECONDS)) == [(connection, LATE_BODY)]
    assert BODY_BYTES / BODY_SECONDS == 1000


def test_a_body_that_keeps_the_pace_may_take_hours_but_not_rest_on_what_it_brought_before(patience, connection):
    patience.body_begins(connection, NOW)
    for turn in range(1, 100):
        connection.received += BODY_BYTES
        assert list(patience.over(NOW + turn * BODY_SECONDS)) == []
    connection.received += BODY_BYTES * 10
    assert list(patience.over(NOW + 100 * BODY_SECONDS)) == []

    assert list(patience.over(NOW + 101 * BODY_SECONDS)) == [(connection, LATE_BODY)]


def test_a_body_that_has_come_is_not_late(patience, connection):
    patience.body_begins(connection, NOW)
    patience.body_ends(connection)

    assert list(patience.over(NOW + 10_000)) == []


def test_bytes_of_an_earlier_body_do_not_count(patience, connection):
    connection.received = 10 * BODY_BYTES
    patience.body_begins(connection, NOW)

    assert list(patience.over(NOW + BODY_SECONDS)) == [(connection, LATE_BODY)]


def test_a_connection_waits_longer_for_its_next_request_than_googles_front_end(patience, connection):
    patience.answered(connection, NOW)

    assert list(patience.over(NOW + 619.9)) == []
    assert list(patience.over(NOW + IDLE_SECONDS)) == [(connection, None)]
    assert IDLE_SECONDS == 620.0


def test_a_connection_that_never_asked_for_anything_waits_for_a_minute(patience, connection):
    patience.opened(connection, NOW)

    assert list(patience.over(NOW + FRESH_SECONDS - 0.1)) == []
    assert list(patience.over(NOW + FRESH_SECONDS)) == [(connection, None)]


def test_beyond_the_bound_the_oldest_idle_connection_goes():
    patience = Patience(most_idle=2)
    first, second, third = (Connection(name) for name in ("first", "second", "third"))

    assert patience.answered(first, NOW) is None
    assert patience.answered(second, NOW + 1) is None
    assert patience.answered(third, NOW + 2) is first


def test_a_connection_that_was_used_again_is_young():
    patience = Patience(most_idle=2)
    first, second, third = (Connection(name) for name in ("first", "second", "third"))
    patience.answered(first, NOW)
    patience.answered(second, NOW + 1)
    patience.head_begins(first, NOW + 2)
    patience.answered(first, NOW + 3)

    assert patience.answered(third, NOW + 4) is second


def test_connections_that_never_asked_for_anything_go_before_those_that_did():
    patience = Patience(most_idle=2)
    used, fresh, another = (Connection(name) for name in ("used", "fresh", "another"))
    patience.answered(used, NOW)
    patience.opened(fresh, NOW + 1)

    assert patience.opened(another, NOW + 2) is fresh


def test_a_newcomer_does_not_go_for_those_that_wait():
    patience = Patience(most_idle=2)
    first, second, newest = (Connection(name) for name in ("first", "second", "newest"))
    patience.answered(first, NOW)
    patience.answered(second, NOW + 1)

    assert patience.opened(newest, NOW + 2) is first


def test_near_the_bound_connections_are_told_to_end():
    patience = Patience(most_idle=10)
    for number in range(8):
        patience.answered(Connection(), NOW + number)
    assert not patience.is_crowded

    patience.opened(Connection(), NOW + 8)

    assert patience.is_crowded


def test_a_connection_that_is_gone_is_forgotten(patience, connection):
    patience.opened(connection, NOW)
    patience.answered(connection, NOW)
    patience.head_begins(connection, NOW)
    patience.body_begins(connection, NOW)

    patience.forget(connection)

    assert not any((patience.fresh, patience.idle, patience.heads, patience.bodies))
