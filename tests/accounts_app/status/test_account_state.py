"""An account's status in words: the first that applies, and time spans as people say them."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts_app.models import Account, Rest
from accounts_app.status.account_state import State, spoken, state_of, with_cooldowns
from tests.factories import make_account


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(seconds=-5), "0 s"),
        (timedelta(seconds=89), "89 s"),
        (timedelta(seconds=90), "2 min"),
        (timedelta(minutes=89), "89 min"),
        (timedelta(minutes=90), "1 h 30 min"),
        (timedelta(hours=2), "2 h"),
        (timedelta(hours=36), "1 d 12 h"),
        (timedelta(days=3), "3 d"),
    ],
)
def test_a_span_has_one_or_two_units(span, words):
    assert spoken(span) == words


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fields", "cooldowns", "state"),
    [
        ({}, [], State("ready", "success")),
        ({"enabled": False, "parked": "verify"}, [("", "rate_limited")], State("disabled", "info")),
        ({"parked": "by_hand"}, [], State("disabled", "info")),
        ({}, [("m", "rate_limited"), ("", "rate_limited")], State("cooling down, 60 min left", "warning")),
        ({}, [("m", "rate_limited"), ("n", "overloaded")], State("cooling down for 1 model", "warning")),
        ({}, [("m", "overloaded"), ("n", "overloaded")], State("deprioritized for 2 models", "warning")),
    ],
)
def test_the_first_status_that_applies_is_told(fields, cooldowns, state):
    account, now = make_account(**fields), timezone.now()
    for model, reason in cooldowns:
        Rest.objects.create(account=account, model=model, reason=reason, until=now + timedelta(hours=1), streak=1)

    assert state_of(with_cooldowns(Account.objects.all()).get(), now) == state
