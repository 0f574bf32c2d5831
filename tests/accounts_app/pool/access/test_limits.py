"""The limits of a key, and when they allow the next call."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts_app.pool.access.limits import (
    MINUTE,
    SLOT_FREES_IN,
    Exceeded,
    Limit,
    Limits,
    LimitStatus,
    Meter,
    SlidingMinute,
    Span,
    Tokens,
    day_of,
    month_of,
)

NOW = datetime(2026, 11, 22, 13, 30, tzinfo=UTC).timestamp()
MIDNIGHT = datetime(2026, 11, 23, tzinfo=UTC).timestamp()
DECEMBER = datetime(2026, 12, 1, tzinfo=UTC).timestamp()

few = settings(max_examples=50, deadline=None)
pauses = st.lists(st.floats(0.0, 40.0), min_size=1, max_size=60)
moments = st.floats(0.0, 4e9)


def only(meter: Meter, limits: Limits, now: float) -> Exceeded:
    (one,) = meter.exceeded(limits, now)
    return one


def call(meter: Meter, now: float, tokens: int = 0) -> None:
    meter.begin(now)
    meter.end(tokens, now)


class TestAMinute:
    @few
    @given(pauses, st.integers(1, 5))
    def test_at_no_time_begin_more_calls_within_it_than_allowed(self, pauses, allowed):
        minute, now, begun = SlidingMinute(), NOW, []
        for pause in pauses:
            now += pause
            if minute.used(now) < allowed:
                minute.add(1, now)
                begun.append(now)

        for moment in begun:
            assert sum(moment - MINUTE < other <= moment for other in begun) <= allowed

    @few
    @given(pauses, st.integers(1, 5))
    def test_it_frees_up_when_it_said_and_not_much_later_than_it_must(self, pauses, allowed):
        minute, now, begun = SlidingMinute(), NOW, []
        for pause in pauses:
            now += pause
            begun.append(now)
            minute.add(1, now)

        frees_at = minute.frees_at(allowed, now)

        left = sum(moment > frees_at - MINUTE for moment in begun)
        assert left < allowed
        assert minute.used(frees_at) < allowed
        if frees_at > now:
            assert any(0 <= frees_at - MINUTE - moment < 0.1 for moment in begun)

    def test_nothing_is_remembered_of_a_minute_that_is_over(self):
        minute = SlidingMinute()
        minute.add(3, NOW)

        assert minute.used(NOW + 59.9) == 3
        assert minute.used(NOW + 60.1) == 0
        assert minute.frees_at(1, NOW + 60.1) == NOW + 60.1

    def test_it_takes_no_more_room_than_a_minute_has_slots(self):
        minute = SlidingMinute()
        for number in range(100_000):
            minute.add(1, NOW + number / 1000)

        assert len(minute._slots) <= 1201

    def test_a_clock_set_back_ends_no_limit_early(self):
        minute = SlidingMinute()
        minute.add(1, NOW)
        minute.add(1, NOW - 30)

        assert minute.used(NOW + 59.9) == 2

    @pytest.mark.parametrize("calls", [0, -2])
    def test_no_call_leaves_no_trace(self, calls):
        minute = SlidingMinute()
        minute.add(calls, NOW)

        assert not minute._slots
        assert minute.used(NOW) == 0


class TestDaysAndMonths:
    @given(moments)
    def test_a_moment_lies_in_its_day_and_the_day_in_its_month(self, now):
        day, month = day_of(now), month_of(now)

        assert day[0] <= now < day[1]
        assert month[0] <= day[0] < day[1] <= month[1]
        assert day[1] - day[0] == 86_400

    @given(moments)
    def test_they_follow_each_other_without_a_gap(self, now):
        for bounds in (day_of, month_of):
            _, ends = bounds(now)
            assert bounds(ends)[0] == ends

    def test_they_are_utcs(self):
        assert day_of(NOW)[1] == MIDNIGHT
        assert month_of(NOW)[1] == DECEMBER
        assert month_of(DECEMBER + 1)[1] == datetime(2027, 1, 1, tzinfo=UTC).timestamp()

    @few
    @given(st.lists(st.tuples(st.floats(-200_000, 200_000), st.integers(0, 5), st.integers(0, 9)), max_size=40))
    def test_a_span_holds_what_lies_in_it_and_nothing_else(self, uses):
        span = Span(day_of)
        starts, ends = day_of(NOW)
        span.at(NOW)
        for shift, requests, tokens in uses:
            span.add(NOW + shift, requests, tokens)

        inside = [use for use in uses if starts <= NOW + use[0] < ends]
        assert span.requests == sum(requests for _, requests, _ in inside)
        assert span.tokens == sum(tokens for *_, tokens in inside)

    def test_a_span_is_empty_at_first_and_ends_before_the_next_begins(self):
        span = Span(day_of)
        assert (span.starts, span.ends, span.requests, span.tokens) == (0.0, 0.0, 0, 0)
        span.at(NOW).add(MIDNIGHT, 1, 1)

        assert (span.requests, span.tokens) == (0, 0)

    def test_a_new_day_begins_at_nothing_and_the_month_goes_on(self):
        meter = Meter()
        call(meter, NOW, tokens=10)
        call(meter, MIDNIGHT, tokens=5)

        assert (meter.day.at(MIDNIGHT).requests, meter.day.tokens) == (1, 5)
        assert (meter.month.at(MIDNIGHT).requests, meter.month.tokens) == (2, 15)
        assert meter.month.at(DECEMBER).requests == 0


class TestALimit:
    @pytest.mark.parametrize(
        ("limits", "frees_at"),
        [
            (Limits(requests_per_minute=2), NOW + MINUTE),
            (Limits(requests_per_day=2), MIDNIGHT),
            (Limits(requests_per_month=2), DECEMBER),
            (Limits(tokens_per_day=20), MIDNIGHT),
            (Limits(tokens_per_month=20), DECEMBER),
        ],
    )
    def test_of_two_calls_lets_two_through(self, limits, frees_at):
        meter = Meter()
        call(meter, NOW, tokens=10)
        assert not meter.exceeded(limits, NOW)
        call(meter, NOW, tokens=10)

        one = only(meter, limits, NOW)

        assert limits.of(one.limit) == one.allowed
        assert one.frees_at == pytest.approx(frees_at, abs=0.06)
        assert one.frees_at >= frees_at
        assert not meter.exceeded(limits, one.frees_at)

    def test_on_concurrent_calls_counts_those_in_flight_on_every_node(self):
        meter, limits = Meter(), Limits(max_concurrency=2)
        meter.begin(NOW)
        assert not meter.exceeded(limits, NOW)
        meter.elsewhere = 1

        assert only(meter, limits, NOW) == Exceeded(Limit.MAX_CONCURRENCY, 2, NOW + 2.0)
        assert SLOT_FREES_IN == 2.0
        meter.end(0, NOW)
        assert not meter.exceeded(limits, NOW)
        assert meter.in_flight == 0

    def test_a_call_that_counts_as_several_requests_needs_room_for_all_of_them(self):
        limits = Limits(requests_per_minute=10, requests_per_day=100)
        meter = Meter()
        meter.begin(NOW, requests=7)

        assert not meter.exceeded(limits, NOW, requests=3)
        (one,) = meter.exceeded(limits, NOW, requests=4)
        assert NOW + MINUTE <= one.frees_at < NOW + MINUTE + 0.1
        assert not meter.exceeded(limits, one.frees_at, requests=4)
        assert [over.limit for over in meter.exceeded(limits, NOW + 100, requests=101)] == [
            Limit.REQUESTS_PER_MINUTE, Limit.REQUESTS_PER_DAY,
        ]  # fmt: skip
        assert meter.day.requests == 7

    def test_that_is_not_set_stops_no_call(self):
        meter = Meter()
        for _ in range(1000):
            meter.begin(NOW)
            meter.learn(NOW, 10, 10_000_000, NOW, just_now=True)

        assert not meter.exceeded(Limits(), NOW)

    def test_several_exceeded_ones_are_returned_together(self):
        meter = Meter()
        meter.begin(NOW)

        found = meter.exceeded(Limits(1, 1, 1, 1, 1, 1), NOW)

        assert [one.limit for one in found] == [
            Limit.REQUESTS_PER_MINUTE, Limit.REQUESTS_PER_DAY, Limit.REQUESTS_PER_MONTH, Limit.MAX_CONCURRENCY,
        ]  # fmt: skip

    @few
    @given(st.lists(st.tuples(st.floats(0, 3600), st.integers(0, 50)), max_size=40), st.integers(1, 20))
    def test_lets_a_call_begin_exactly_while_less_than_it_is_used(self, calls, allowed):
        meter, limits, now = Meter(), Limits(requests_per_day=allowed, tokens_per_month=allowed * 10), NOW
        for pause, tokens in calls:
            now += pause
            may = not meter.exceeded(limits, now)
            day, month = meter.day.at(now).requests, meter.month.at(now).tokens
            assert may == (day < allowed and month < allowed * 10)
            if may:
                call(meter, now, tokens)


class TestLearning:
    def test_what_was_used_before_a_start_counts_for_the_day_and_the_month_but_not_the_minute(self):
        meter = Meter()
        meter.learn(NOW - 600, 7, 70, NOW, just_now=False)
        meter.learn(NOW - 2 * 86_400, 5, 50, NOW, just_now=False)

        assert meter.minute.used(NOW) == 0
        assert (meter.day.requests, meter.day.tokens) == (7, 70)
        assert (meter.month.requests, meter.month.tokens) == (12, 120)

    def test_what_others_have_just_used_counts_for_the_minute_too(self):
        meter = Meter()
        meter.learn(NOW - 600, 7, 70, NOW, just_now=True)

        assert meter.minute.used(NOW) == 7

    def test_a_correction_takes_back_what_was_counted(self):
        meter = Meter()
        meter.learn(NOW, 7, 70, NOW, just_now=True)
        meter.learn(NOW, -3, -30, NOW, just_now=True)
        meter.learn(NOW, -30, -300, NOW, just_now=True)

        assert (meter.day.requests, meter.day.tokens) == (0, 0)


def test_each_token_is_charged_once():
    assert Tokens(prompt=100, cached=80, candidates=20, thoughts=7, tool=3).charged == 130


def test_what_two_answers_used_is_added_field_by_field():
    assert Tokens(1, 2, 3, 4, 5) + Tokens(10, 20, 30, 40, 50) == Tokens(11, 22, 33, 44, 55)
    assert Tokens() == Tokens(prompt=0, cached=0, candidates=0, thoughts=0, tool=0)


def test_every_limit_is_shown_with_what_is_used_of_it():
    meter = Meter()
    meter.begin(NOW)
    meter.end(12, NOW)

    told = {status.limit: status for status in meter.statuses(Limits(requests_per_day=5), NOW)}

    assert list(told) == list(Limit)
    assert told[Limit.REQUESTS_PER_DAY].allowed == 5
    assert told[Limit.REQUESTS_PER_DAY].used == 1
    assert told[Limit.REQUESTS_PER_DAY].resets_at == MIDNIGHT
    assert told[Limit.TOKENS_PER_MONTH].allowed is None
    assert told[Limit.TOKENS_PER_MONTH].used == 12
    assert told[Limit.MAX_CONCURRENCY].resets_at is None
    assert told[Limit.REQUESTS_PER_MINUTE].resets_at == pytest.approx(NOW + MINUTE, abs=0.06)


def test_calls_in_flight_on_every_node_are_shown():
    meter = Meter()
    meter.begin(NOW)
    meter.elsewhere = 3

    assert meter.statuses(Limits(max_concurrency=9), NOW)[-1] == LimitStatus(Limit.MAX_CONCURRENCY, 9, 4, None)


def test_a_meter_tells_its_state():
    meter = Meter()
    meter.begin(NOW)

    assert repr(meter).startswith("<Meter 1 in flight, <SlidingMinute 1>, day <Span 1 requests, 0 tokens")


def test_the_minute_goes_by_the_monotonic_clock():
    meter, limits, steady = Meter(), Limits(requests_per_minute=1), 1000.0
    meter.begin(NOW, steady)

    set_back = NOW - 2 * 3600
    (exceeded,) = meter.exceeded(limits, set_back, steady + 50)

    assert set_back + 10 <= exceeded.frees_at <= set_back + 10.1
    assert meter.exceeded(limits, set_back, steady + MINUTE + 1) == []
