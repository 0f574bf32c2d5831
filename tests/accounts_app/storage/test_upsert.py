"""Rows that add to the numbers of those that are there, however many there are."""

from datetime import UTC, datetime, timedelta

import pytest

from accounts_app.api_keys.usage_rows import IDENTITY
from accounts_app.models import ApiKey, KeyUse
from accounts_app.storage.upsert import add_up

pytestmark = pytest.mark.django_db

HOUR = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def key() -> ApiKey:
    return ApiKey.objects.create(name="laptop", digest="d")


def use(key: ApiKey, hour: int = 0, requests: int = 1, at: datetime = HOUR) -> dict[str, object]:
    tokens = {f"{kind}_tokens": 0 for kind in ("prompt", "cached", "candidates", "thoughts", "tool")}
    begins = HOUR + timedelta(hours=hour)
    return {
        "api_key": key.pk,
        "hour": begins,
        "model": "m",
        "requests": requests,
        "refused": 0,
        "updated_at": at,
        **tokens,
    }


def add(*rows: dict[str, object]) -> None:
    add_up(KeyUse, IDENTITY, rows, newest=("updated_at",))


def test_numbers_are_added_and_stamps_replaced(key):
    later = HOUR + timedelta(minutes=5)

    add(use(key, requests=2))
    add(use(key, requests=3, at=later), use(key, hour=1))

    rows = KeyUse.objects.order_by("hour").values_list("requests", "refused", "updated_at")
    assert list(rows) == [(5, 0, later), (1, 0, HOUR)]


def test_more_rows_than_a_statement_takes_are_all_written(key):
    rows = [use(key, hour) for hour in range(1000)]

    add(*rows)
    add(*rows)

    assert set(KeyUse.objects.values_list("requests", flat=True)) == {2}
    assert KeyUse.objects.count() == 1000


def test_no_rows_are_no_query(django_assert_num_queries):
    with django_assert_num_queries(0):
        add()
