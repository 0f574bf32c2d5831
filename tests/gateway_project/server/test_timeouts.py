"""Connections whose time is over, with the time as an argument."""

import pytest

from gateway_project.server.timeouts import (
    BODY_BYTES,
    BODY_SECONDS,
    FRESH_SECONDS,
    HEAD_SECONDS,
    IDLE_SECONDS,
    LATE_BODY,
    LATE_HEAD,
    Timeouts,
)

NOW = 1000.0


class Connection:
    """The part of a connection that Timeouts uses."""

    def __init__(self, name: str = "") -> None:
        self.name = name
        self.received = 0

    def __repr__(self) -> str:
        return self.name


@pytest.fixture
def timeouts():
    return Timeouts()


@pytest.fixture
def connection():
    return Connection()


def test_a_head_has_ten_seconds_however_it_trickles_in(timeouts, connection):
    timeouts.opened(connection, NOW)
    timeouts.head_begins(connection, NOW + 5)

    assert list(timeouts.over(NOW + 5 + HEAD_SECONDS - 0.1)) == []
    assert list(timeouts.over(NOW + 5 + HEAD_SECONDS)) == [(connection, LATE_HEAD)]
    assert (LATE_HEAD.code, HEAD_SECONDS) == (408, 10.0)


def test_a_head_that_came_is_not_late(timeouts, connection):
    timeouts.head_begins(connection, NOW)
    timeouts.head_ends(connection)

    assert list(timeouts.over(NOW + 10_000)) == []


def test_a_body_brings_a_kilobyte_a_second(timeouts, connection):
    timeouts.body_begins(connection, NOW)
    connection.received += BODY_BYTES - 1

    assert list(timeouts.over(NOW + BODY_SECONDS - 0.1)) == []
    assert list(timeouts.over(NOW + BODY_SECONDS)) == [(connection, LATE_BODY)]
    assert BODY_BYTES / BODY_SECONDS == 1000


def test_a_body_may_take_hours_if_it_keeps_the_pace_in_every_period(timeouts, connection):
    timeouts.body_begins(connection, NOW)
    for turn in range(1, 100):
        connection.received += BODY_BYTES
        assert list(timeouts.over(NOW + turn * BODY_SECONDS)) == []
    connection.received += BODY_BYTES * 10
    assert list(timeouts.over(NOW + 100 * BODY_SECONDS)) == []

    assert list(timeouts.over(NOW + 101 * BODY_SECONDS)) == [(connection, LATE_BODY)]


def test_a_body_that_has_come_is_not_late(timeouts, connection):
    timeouts.body_begins(connection, NOW)
    timeouts.body_ends(connection)

    assert list(timeouts.over(NOW + 10_000)) == []


def test_bytes_of_an_earlier_body_do_not_count(timeouts, connection):
    connection.received = 10 * BODY_BYTES
    timeouts.body_begins(connection, NOW)

    assert list(timeouts.over(NOW + BODY_SECONDS)) == [(connection, LATE_BODY)]


def test_a_connection_waits_longer_for_its_next_request_than_googles_front_end(timeouts, connection):
    timeouts.answered(connection, NOW)

    assert list(timeouts.over(NOW + 619.9)) == []
    assert list(timeouts.over(NOW + IDLE_SECONDS)) == [(connection, None)]
    assert IDLE_SECONDS == 620.0


def test_a_connection_without_any_request_waits_for_a_minute(timeouts, connection):
    timeouts.opened(connection, NOW)

    assert list(timeouts.over(NOW + FRESH_SECONDS - 0.1)) == []
    assert list(timeouts.over(NOW + FRESH_SECONDS)) == [(connection, None)]


def test_beyond_the_bound_the_oldest_idle_connection_is_closed():
    timeouts = Timeouts(most_idle=2)
    first, second, third = (Connection(name) for name in ("first", "second", "third"))

    assert timeouts.answered(first, NOW) is None
    assert timeouts.answered(second, NOW + 1) is None
    assert timeouts.answered(third, NOW + 2) is first


def test_a_connection_that_was_used_again_is_young():
    timeouts = Timeouts(most_idle=2)
    first, second, third = (Connection(name) for name in ("first", "second", "third"))
    timeouts.answered(first, NOW)
    timeouts.answered(second, NOW + 1)
    timeouts.head_begins(first, NOW + 2)
    timeouts.answered(first, NOW + 3)

    assert timeouts.answered(third, NOW + 4) is second


def test_connections_without_any_request_are_closed_before_those_that_had_one():
    timeouts = Timeouts(most_idle=2)
    used, fresh, another = (Connection(name) for name in ("used", "fresh", "another"))
    timeouts.answered(used, NOW)
    timeouts.opened(fresh, NOW + 1)

    assert timeouts.opened(another, NOW + 2) is fresh


def test_a_new_connection_is_not_closed_for_those_that_wait():
    timeouts = Timeouts(most_idle=2)
    first, second, newest = (Connection(name) for name in ("first", "second", "newest"))
    timeouts.answered(first, NOW)
    timeouts.answered(second, NOW + 1)

    assert timeouts.opened(newest, NOW + 2) is first


def test_near_the_bound_answers_close_their_connections():
    timeouts = Timeouts(most_idle=10)
    for number in range(8):
        timeouts.answered(Connection(), NOW + number)
    assert not timeouts.is_crowded

    timeouts.opened(Connection(), NOW + 8)

    assert timeouts.is_crowded


def test_a_connection_that_is_gone_is_forgotten(timeouts, connection):
    timeouts.opened(connection, NOW)
    timeouts.answered(connection, NOW)
    timeouts.head_begins(connection, NOW)
    timeouts.body_begins(connection, NOW)

    timeouts.forget(connection)

    assert not any((timeouts.fresh, timeouts.idle, timeouts.heads, timeouts.bodies))
