"""Failures of several conversations are evidence, those of one are not."""

import pytest

from accounts_app.pool.blame import evidence
from accounts_app.pool.blame.evidence import Evidence, FailedRequests, Refusals

NOW = 10_000.0
HERE, MODEL = 7, ("m", "vague")


def met(known: Evidence, *conversations: int, about=MODEL, now=NOW, needed=2, owner=HERE) -> list[bool]:
    return [known.add(owner, about, each, needed, now) for each in conversations]


def test_the_bounds_are_those_of_the_table_of_blame():
    assert (evidence.FORGOTTEN_AFTER, evidence.SAME_WITHIN) == (600.0, 300.0)
    assert (evidence.CONVERSATIONS, evidence.REQUESTS) == (4_096, 1_024)
    assert (evidence.LARGEST, evidence.REFUSED_BY) == (64, 64)


class TestEvidence:
    def test_two_conversations_are_needed_and_one_that_repeats_itself_is_one(self):
        known = Evidence()

        assert met(known, 1, 1, 1, 2) == [False, False, False, True]

    def test_three_are_needed_where_that_is_asked_for(self):
        assert met(Evidence(), 1, 2, 1, 3, needed=3) == [False, False, False, True]

    def test_evidence_that_sufficed_begins_anew(self):
        known = Evidence()

        assert met(known, 1, 2, 2, 3) == [False, True, False, True]
        assert repr(known) == "<Evidence on 0>"

    def test_places_are_apart(self):
        known = Evidence()

        assert met(known, 1) == met(known, 2, about=("m", "other")) == met(known, 3, owner=8) == [False]
        assert repr(known) == "<Evidence on 2>"

    def test_a_place_that_does_well_breaks_the_row(self):
        known = Evidence()
        met(known, 1)
        met(known, 1, about="other")

        known.clear(HERE, [MODEL, "unknown"])
        known.clear(99, [MODEL])

        assert met(known, 2) == [False]
        assert met(known, 2, about="other") == [True]

    def test_a_place_of_which_nothing_is_left_is_gone(self):
        known = Evidence()
        met(known, 1)

        known.clear(HERE, [MODEL])

        assert repr(known) == "<Evidence on 0>"

    def test_a_deleted_account_is_forgotten(self):
        known = Evidence()
        met(known, 1)

        known.forget([HERE, 99])

        assert met(known, 2) == [False]

    @pytest.mark.parametrize(("later", "proves"), [(600.0, True), (600.1, False)])
    def test_a_witness_is_forgotten_ten_minutes_after_the_last_one(self, later, proves):
        known = Evidence()
        met(known, 1)

        assert met(known, 2, now=NOW + later) == [proves]
        assert met(known, 3, now=NOW + later) == [not proves]

    def test_of_one_account_64_things_are_known_and_the_oldest_goes_first(self):
        known = Evidence()
        for number in range(65):
            met(known, 1, about=number)

        assert met(known, 2, about=0) == [False]
        assert met(known, 2, about=2) == [True]


class TestRefusals:
    def test_a_conversation_knows_who_refused_it_and_who_answered_it_then(self):
        known = Refusals()
        assert known.of("c") == ((), None)

        known.add("c", [1, 2], 3)

        assert known.of("c") == ((1, 2), 3)
        assert known.of("d") == ((), None)
        assert (len(known), repr(known)) == (1, "<Refusals of 1 conversations>")

    def test_more_who_refuse_are_added_and_one_that_answers_refuses_no_more(self):
        known = Refusals()
        known.add("c", [1, 2], 3)

        known.add("c", [3, 2], 1)
        assert known.of("c") == ((2, 3), 1)

        known.add("c", [4], None)
        assert known.of("c") == ((2, 3, 4), 1)

    def test_both_are_bounded_and_the_oldest_goes_first(self):
        known = Refusals()
        known.add("c", range(1, 101), None)
        assert known.of("c")[0] == tuple(range(37, 101))

        for number in range(4_096):
            known.add(number, [1], 2)

        assert len(known) == 4_096
        assert known.of("c") == ((), None)
        assert known.of(0) == ((1,), 2)


class TestFailedRequests:
    def test_one_failure_proves_nothing_and_two_within_five_minutes_do(self):
        known = FailedRequests()
        known.add("r", NOW)
        assert not known.is_known("r", NOW)

        known.add("r", NOW + 100)

        assert known.is_known("r", NOW + 300)
        assert not known.is_known("r", NOW + 300.1)
        assert not known.is_known("other", NOW)
        assert (len(known), repr(known)) == (1, "<FailedRequests 1>")

    def test_the_last_two_failures_count(self):
        known = FailedRequests()
        for moment in (0, 250, 500):
            known.add("r", NOW + moment)

        assert known.is_known("r", NOW + 550)

    def test_an_answer_ends_it(self):
        known = FailedRequests()
        known.add("r", NOW)
        known.add("r", NOW)

        known.forget("r")
        known.forget("never seen")

        assert not known.is_known("r", NOW)
        assert len(known) == 0

    def test_the_oldest_goes_first(self):
        known = FailedRequests()
        for number in range(1_025):
            known.add(number, NOW)
            known.add(number, NOW)

        assert len(known) == 1_024
        assert (known.is_known(0, NOW), known.is_known(1, NOW)) == (False, True)
