"""What counts as excused of Google's suite, and how its outcomes are judged."""

from tests.conformance.excused import MOST_OTHERS, OTHER, REASONS, Excuse, excuses, judge


def test_every_excuse_has_a_known_reason_and_few_have_another():
    known = excuses()

    assert {excuse.reason for excuse in known} <= {*REASONS, OTHER}
    assert all(excuse.says and excuse.tests for excuse in known)
    assert sum(len(excuse.tests) for excuse in known if excuse.reason == OTHER) <= MOST_OTHERS


def test_only_a_failure_without_an_excuse_fails_the_run():
    known = [Excuse("real model", "what it says", ["models/test_a.py::test_*", "models/test_b.py::test_x[False-*"])]
    outcomes = {
        "models/test_a.py::test_one": ("failed", "no"),
        "models/test_a.py::test_two": ("passed", ""),
        "models/test_c.py::test_one": ("failed", "AssertionError"),
        "models/test_c.py::test_two": ("skipped", "Skipping Vertex AI tests in API mode"),
    }

    verdict = judge(outcomes, known)

    assert verdict.passed == 1
    assert verdict.failed == {"models/test_c.py::test_one": "AssertionError"}
    assert verdict.excused == {"real model": 1, "vertex": 1}
    assert verdict.needless == ["models/test_b.py::test_x[False-*"]
    assert next(iter(verdict.lines())) == "FAILED models/test_c.py::test_one: AssertionError"
