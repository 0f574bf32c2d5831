"""The tests of Google's suite that are not asked for, and why: read from `excused.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

HERE = Path(__file__).resolve().parent
# What is not asked of a gateway of the Gemini API, what only a model or Google itself can answer, what the wheels lack,
# and what this gateway does not serve yet.
REASONS = ("vertex", "real model", "google only", "not published", "served later")
OTHER = "other"
MOST_OTHERS = 4


@dataclass(frozen=True, slots=True)
class Excuse:
    """`tests` are names as pytest has them below the suite, where `*` stands for anything; `says` is why, in words."""

    reason: str
    says: str
    tests: Collection[str]

    def covers(self, test: str) -> bool:
        return any(fnmatchcase(test.replace("[", "("), pattern.replace("[", "(")) for pattern in self.tests)


def excuses() -> list[Excuse]:
    table = tomllib.loads((HERE / "excused.toml").read_text())
    return [Excuse(**entry) for entry in table["excused"]]


def recorded() -> Mapping[str, str]:
    """The names that the suite's tests take to be there."""
    names: Mapping[str, str] = tomllib.loads((HERE / "recorded.toml").read_text())["names"]
    return names


def below_the_suite(node: str) -> str:
    """A test's name as excuses have it, of pytest's name, which may begin anywhere above the suite's folder."""
    path, separator, test = node.partition("::")
    return f"{path.rpartition('tests/')[2]}{separator}{test}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of one test: passed, skipped or failed, why, and whether it called the gateway, which many have no need to."""

    outcome: str
    why: str = ""
    called: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """`failed` are those without an excuse; `needless` excuses stand for no test that failed."""

    passed: int
    called: int
    excused: Mapping[str, int]
    failed: Mapping[str, str]
    needless: Collection[str]

    def lines(self) -> Iterator[str]:
        for test, why in self.failed.items():
            yield f"FAILED {test}: {why.strip().splitlines()[-1][:300] if why.strip() else ''}"
        told = ", ".join(f"{count} {reason}" for reason, count in sorted(self.excused.items()))
        passed = f"{self.passed} passed ({self.called} of them called the gateway)"
        yield f"{passed}, {len(self.failed)} failed, excused: {told or 'none'}"


def judge(outcomes: Mapping[str, Outcome], known: Collection[Excuse]) -> Verdict:
    """What came of a run. The suite skips tests that get a 429: they have failed."""
    excused, failed, used = dict[str, int](), dict[str, str](), set[str]()
    passed = [one for one in outcomes.values() if one.outcome == "passed"]
    for test, one in outcomes.items():
        if one.outcome == "passed":
            continue
        if one.outcome == "skipped" and "(429)" not in one.why:
            skipper = "vertex" if "Vertex" in one.why else "skipped by the suite"
            excused[skipper] = excused.get(skipper, 0) + 1
            continue
        found = next((excuse for excuse in known if excuse.covers(test)), None)
        if found is None:
            failed[test] = one.why
            continue
        excused[found.reason] = excused.get(found.reason, 0) + 1
        used |= {pattern for pattern in found.tests if Excuse("", "", [pattern]).covers(test)}
    needless = [pattern for excuse in known for pattern in excuse.tests if pattern not in used]
    return Verdict(len(passed), sum(one.called for one in passed), excused, failed, needless)
