"""The console's figures: the same from hours as from quarters of days, with refusals apart from failures."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from accounts_app.roster import known_models
from proxy_app.ledger import hours, quarter_days
from proxy_app.models import UsageHour, UsageQuarter, UsageRecord
from proxy_app.models.sums import NUMBERS, Dimension
from proxy_app.reports import figures, sources
from proxy_app.reports.figures import Period
from proxy_app.reports.periods import Figures

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 22, 13, 27, 45, tzinfo=UTC)


def an_attempt(ago: timedelta = timedelta(minutes=1), **columns: Any) -> dict[str, Any]:
    """A row of the request log as the journal writes it: answered, unless `columns` differ."""
    row = {field.attname: field.get_default() for field in UsageRecord._meta.concrete_fields if field.name != "id"}
    answered = {
        "outcome": "succeeded",
        "delivered": True,
        "first_event_ms": 700,
        "prompt_tokens": 10,
        "total_tokens": 10,
    }
    return row | {"at": NOW - ago, "model": "gemini-2.5-flash", "request_id": "r"} | answered | columns


def write(*rows: dict[str, Any]) -> None:
    UsageRecord.objects.bulk_create([UsageRecord(**row | {"account_id": None}) for row in rows])
    hours.add(rows)


@pytest.mark.parametrize("period", Period)
def test_every_period_counts_what_lies_in_it(period: Period):
    write(
        an_attempt(),
        an_attempt(outcome="rate_limited", delivered=False, first_event_ms=None, prompt_tokens=0),
        an_attempt(attempt=2),
        an_attempt(timedelta(days=40)),
    )

    past = figures.past(period, NOW)

    assert (past.whole.calls, past.whole.attempts, past.whole.answered) == (2, 3, 2)
    assert past.whole.tokens == 20
    assert sum(slot.calls for slot in past.by_slot) == 2
    assert past.by_slot[-1].calls == 2


@pytest.mark.parametrize("period", [Period.WEEK, Period.MONTH])
def test_folding_changes_no_figure(period: Period):
    rows = [
        an_attempt(timedelta(hours=7 * number), model=f"model-{number % 3}", account_id=number % 4 or None, attempt=1)
        for number in range(60)
    ]
    write(*rows)
    before = figures.past(period, NOW, Dimension.ACCOUNT)

    while quarter_days.fold(NOW):
        pass
    after = figures.past(period, NOW, Dimension.ACCOUNT)

    assert not quarter_days.missing(NOW)
    assert UsageQuarter.objects.exclude(dimension="").exists()
    assert [slot.calls for slot in after.by_slot] == [slot.calls for slot in before.by_slot]
    for dimension in Dimension:
        sums = [[(part.value, part.figures.calls) for part in past.parts[dimension]] for past in (before, after)]
        assert sums[0] == sums[1]
    slots = [
        [[slot.attempts for slot in part.slots] for part in past.parts[Dimension.ACCOUNT]] for past in (before, after)
    ]
    assert slots[0] == slots[1]


def test_two_nodes_that_fold_at_once_count_nothing_twice():
    write(an_attempt(timedelta(days=2)))
    start = quarter_days.missing(NOW)[0]

    quarter_days._fold(start)
    quarter_days._fold(start)

    assert figures.past(Period.MONTH, NOW).whole.calls == 1


def test_hours_that_are_folded_are_needed_no_more():
    write(*[an_attempt(timedelta(hours=number)) for number in range(700)])
    while quarter_days.fold(NOW):
        pass
    UsageHour.objects.filter(hour__lt=NOW - timedelta(days=1)).delete()

    assert figures.past(Period.MONTH, NOW).whole.calls == 700


def test_the_last_hour_reads_no_more_rows_than_allowed(monkeypatch):
    monkeypatch.setattr(sources, "NEWEST", 5)
    write(*[an_attempt(timedelta(minutes=number)) for number in range(20)])

    past = figures.past(Period.HOUR, NOW)

    assert past.whole.calls == 5
    assert past.complete_from == NOW - timedelta(minutes=4)


def test_a_call_that_was_refused_has_not_failed():
    write(an_attempt(attempt=0, outcome="no_account", delivered=False, first_event_ms=None, repeated=2))

    for period in Period:
        whole = figures.past(period, NOW).whole
        assert (whole.calls, whole.failed, whole.refused, whole.attempts) == (3, 0, 3, 0)
        assert whole.outcomes == {"no_account": 3}


def test_parts_beyond_the_largest_are_summed_up():
    names = [f"model-{number}" for number in range(figures.SHOWN + 3)]
    for name in names:
        known_models.learn(name, 0.0)
    write(*[an_attempt(model=name) for name in names])

    parts = figures.past(Period.DAY, NOW).parts[Dimension.MODEL]

    assert len(parts) == figures.SHOWN + 1
    assert (parts[-1].value, parts[-1].figures.calls) == (None, 3)


def test_the_parts_of_a_chart_come_slot_by_slot():
    write(an_attempt(api_key_id=None), an_attempt(timedelta(hours=3)))

    (part,) = figures.past(Period.DAY, NOW, Dimension.API_KEY).parts[Dimension.API_KEY]

    assert part.value == ""
    assert [slot.calls for slot in part.slots][-4:] == [1, 0, 0, 1]


def test_attempts_today_begin_at_midnight():
    write(an_attempt(account_id=7), an_attempt(timedelta(hours=14), account_id=7))

    assert figures.attempts_today([7, 8], NOW) == {7: 1}


@pytest.mark.parametrize(
    ("outcomes", "failed"),
    [
        ([("succeeded", True)], 0),
        ([("rate_limited", False), ("succeeded", True)], 0),
        ([("rate_limited", False), ("overloaded", False)], 1),
        ([("rejected", False)], 0),
        ([("abandoned", False)], 0),
        ([("abandoned", True)], 0),
        ([("interrupted", True)], 1),
    ],
)
def test_a_call_has_failed_when_it_got_no_whole_answer_and_not_by_its_own_doing(outcomes, failed):
    whole = Figures()
    for number, (outcome, delivered) in enumerate(outcomes):
        numbers = dict.fromkeys(NUMBERS, 0) | {"calls": number == 0, "attempts": 1, "delivered": delivered}
        whole.add(outcome, list(numbers.values()))

    assert whole.failed == failed


def test_a_median_is_read_off_the_buckets():
    whole = Figures()
    numbers = dict.fromkeys(NUMBERS, 0) | {"first_event_le_250": 10, "first_event_le_1000": 10}
    whole.add("succeeded", list(numbers.values()))

    assert whole.first_event(0.5) == 250
    assert whole.first_event(0.75) == 750
    assert Figures().first_event(0.5) is None
