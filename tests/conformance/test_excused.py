"""What counts as excused of Google's suite, and how its outcomes are judged."""

import pytest

from tests.conformance.excused import MOST_OTHERS, OTHER, REASONS, Excuse, Outcome, below_the_suite, excuses, judge


def test_every_excuse_has_a_known_reason_and_few_have_another():
    known = excuses()

    assert {excuse.reason for excuse in known} <= {*REASONS, OTHER}
    assert all(excuse.says and excuse.tests for excuse in known)
    assert sum(len(excuse.tests) for excuse in known if excuse.reason == OTHER) <= MOST_OTHERS


def test_only_a_failure_without_an_excuse_fails_the_run():
    known = [Excuse("real model", "what it says", ["models/test_a.py::test_*", "models/test_b.py::test_x[False-*"])]
    outcomes = {
        "models/test_a.py::test_one": Outcome("failed", "no"),
        "models/test_a.py::test_two": Outcome("passed", called=True),
        "models/test_a.py::test_three": Outcome("passed"),
        "models/test_c.py::test_one": Outcome("failed", "AssertionError"),
        "models/test_c.py::test_two": Outcome("skipped", "Skipping Vertex AI tests in API mode"),
        "models/test_c.py::test_three": Outcome("skipped", "Resource Exhausted (429). Skipping test"),
    }

    verdict = judge(outcomes, known)

    assert (verdict.passed, verdict.called) == (2, 1)
    assert verdict.failed == {
        "models/test_c.py::test_one": "AssertionError",
        "models/test_c.py::test_three": "Resource Exhausted (429). Skipping test",
    }
    assert verdict.excused == {"real model": 1, "vertex": 1}
    assert verdict.needless == ["models/test_b.py::test_x[False-*"]
    assert next(iter(verdict.lines())) == "FAILED models/test_c.py::test_one: AssertionError"


@pytest.mark.parametrize("above", ["", "tests/", "lib/google/genai/tests/"])
def test_a_test_has_one_name_wherever_pytest_was_started(above):
    assert (
        below_the_suite(f"{above}files/test_get.py::test_get[tests/a::b]") == "files/test_get.py::test_get[tests/a::b]"
    )
