import pytest

from proxy_app.wire.faults.delays import LONGEST, delay_in, duration, header_delay, until_the_day_is_over
from proxy_app.wire.faults.error_bodies import ErrorBody

RETRY = "type.googleapis.com/google.rpc.RetryInfo"
INFO = "type.googleapis.com/google.rpc.ErrorInfo"
MOMENT = "2025-10-20T19:14:08Z"
EPOCH = 1760987648.0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("539.477544ms", 0.539477544),
        ("510.79ms", 0.51079),
        ("500ms", 0.5),
        ("2h37m22.776060443s", 9442.776060443),
        ("1h2m3s", 3723.0),
        ("13h19m1.20964964s", 47941.20964964),
        ("33740.910400305s", 33740.910400305),
        ("51820.638305887s", 51820.638305887),
        ("9s", 9.0),
        ("10h31m", 37860.0),
        ("1m", 60.0),
        ("250us", 0.00025),
        ("250\u00b5s", 0.00025),  # the micro sign
        ("250\u03bcs", 0.00025),  # the Greek letter, which Go writes too
        ("+5s", 5.0),
        ("7ns", 7e-9),
        ("0s", 0.0),
        ("-3s", 0.0),
        (" 4s ", 4.0),
    ],
)
def test_durations_of_go_and_proto(text, seconds):
    assert duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "9", "s", "9 s", "1d", "9sec", "abc", "1h-2m", "nan", "inf"])
def test_what_is_no_duration(text):
    assert duration(text) is None


@pytest.mark.parametrize(
    ("message", "seconds"),
    [
        ("Please retry in 56.185908122s.", 56.185908122),
        ("Please retry in 561.1ms.", 0.5611),
        ("Your quota will reset after 10h31m.", 37860.0),
        ("Your quota will reset after 0s.", 0.0),
        ("Resets in 9h22m20s.", 33740.0),
        ("Individual quota reached. Resets in 108h48m29s.", 391709.0),
        ("Retry after 30 seconds", 30.0),
        ("try again in 2 minutes", 120.0),
        ("reset after 1 hour", 3600.0),
        ("The model is overloaded. Please try again later.", None),
        ("version 3.1 supports it", None),
        ("in 2m tokens", 120.0),
        ("in 5sandwiches", None),
    ],
)
def test_delays_in_words(message, seconds):
    assert delay_in(ErrorBody(message=message)) == (None if seconds is None else pytest.approx(seconds))


def info(**metadata):
    return {"@type": INFO, "metadata": metadata}


def test_the_most_exact_word_wins_wherever_it_stands():
    error = ErrorBody(
        message="Please retry in 4s.",
        details=(
            info(quotaResetDelay="2s", quotaResetTimeStamp=MOMENT),
            {"@type": "x.Help"},
            {"@type": RETRY, "retryDelay": "1s"},
        ),
    )

    assert delay_in(error, EPOCH - 3) == 1.0
    assert delay_in(ErrorBody(message=error.message, details=error.details[:2]), EPOCH - 3) == 2.0
    assert delay_in(ErrorBody(message=error.message, details=(info(quotaResetTimeStamp=MOMENT),)), EPOCH - 3) == 3.0
    assert delay_in(ErrorBody(message=error.message), EPOCH - 3) == 4.0


def test_an_unreadable_word_gives_way_to_the_next():
    assert delay_in(ErrorBody(details=({"@type": RETRY, "retryDelay": "soon"}, info(quotaResetDelay="2s")))) == 2.0


@pytest.mark.parametrize("value", [{"seconds": "9", "nanos": 500_000_000}, {"seconds": 9, "nanos": 5e8}])
def test_a_delay_may_be_an_object(value):
    assert delay_in(ErrorBody(details=({"@type": RETRY, "retryDelay": value},))) == 9.5


@pytest.mark.parametrize("value", [None, 7, [], {}, {"seconds": "x"}, {"seconds": "nan"}, {"seconds": [1]}])
def test_a_delay_of_another_shape_is_none(value):
    assert delay_in(ErrorBody(details=({"@type": RETRY, "retryDelay": value},))) in (None, 0.0)


@pytest.mark.parametrize("moment", [MOMENT, "2025-10-20T19:14:08.000000000Z", "2025-10-20T21:14:08+02:00"])
def test_a_moment_counts_from_now(moment):
    assert delay_in(ErrorBody(details=(info(quotaResetTimeStamp=moment),)), EPOCH - 60) == 60.0


def test_a_delay_is_a_month_at_most():
    assert LONGEST == 2_678_400


@pytest.mark.parametrize(
    "date",
    ["Mon, 20 Oct 2025 19:14:08 GMT", "Mon, 20 Oct 2025 19:14:08 -0000", "Mon, 20 Oct 2025 21:14:08 +0200"],
)
def test_a_date_in_a_header_is_read_with_its_zone(date):
    assert header_delay(date, EPOCH - 9) == 9.0


def test_a_date_in_a_header_says_nothing_without_a_clock():
    assert header_delay("Mon, 20 Oct 2025 19:14:08 GMT") is None


def test_a_moment_that_is_past_is_now():
    assert delay_in(ErrorBody(details=(info(quotaResetTimeStamp=MOMENT),)), EPOCH + 60) == 0.0


@pytest.mark.parametrize("moment", ["2025-10-20T19:14:08", "tomorrow", ""])
def test_a_moment_that_is_none(moment):
    assert delay_in(ErrorBody(details=(info(quotaResetTimeStamp=moment),)), EPOCH) is None


def test_without_a_clock_a_moment_says_nothing():
    assert delay_in(ErrorBody(details=(info(quotaResetTimeStamp=MOMENT),))) is None


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("40", 40.0),
        (" 3 ", 3.0),
        ("9" * 400, LONGEST),
        ("Mon, 20 Oct 2025 19:14:38 GMT", 30.0),
        ("Mon, 20 Oct 2025 19:14:38 -0000", 30.0),
        ("Mon, 20 Oct 2025 19:00:00 GMT", 0.0),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("\u0664\u0660", None),  # digits, but not HTTP's
    ],
)
def test_a_header_says_seconds_or_a_date(header, seconds):
    assert header_delay(header, EPOCH) == seconds


def test_a_delay_of_any_length_is_one_that_clocks_can_count():
    for delay in ("9" * 400 + "s", {"seconds": "9" * 400}, {"seconds": 9223372036854775807}):
        error = ErrorBody(details=({"@type": RETRY, "retryDelay": delay},))
        assert delay_in(error) == LONGEST
    assert delay_in(ErrorBody(message=f"Please retry in {'9' * 400}h.")) == LONGEST


@pytest.mark.parametrize(("hour", "hours"), [(0.0, 7.0), (6.9, 0.1), (7.0, 1.0), (7.5, 0.5), (8.0, 23.0), (20.0, 11.0)])
def test_a_day_of_quotas_ends_at_midnight_pacific_summer_or_winter(hour, hours):
    assert until_the_day_is_over(1_700_006_400.0 + hour * 3600) == pytest.approx(hours * 3600)
