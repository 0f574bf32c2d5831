"""Every outcome has a name in the console."""

import pytest

from accounts_app.pool.outcomes import Outcome, Refusal
from accounts_app.status.labels import OUTCOMES, cause_label, outcome_label


@pytest.mark.parametrize("value", [each.value for each in (*Outcome, *Refusal)])
def test_every_outcome_has_a_name(value):
    assert str(OUTCOMES[value])
    assert outcome_label(value) == OUTCOMES[value]


def test_a_value_without_a_name_is_shown_as_it_is():
    assert outcome_label("of another version") == "of another version"


def test_a_cause_has_upstreams_message_behind_its_name():
    assert "slow down" in cause_label("rate_limited", "slow down")
    assert cause_label("rate_limited", "") == outcome_label("rate_limited")
