"""The tests of Google's suite that are not asked for, and why: read from `excused.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

HERE = Path(__file__).resolve().parent
# What no gateway of the Gemini API is asked for, or not this one yet.
REASONS = ("vertex", "real model", "interactions")
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


@dataclass(frozen=True, slots=True)
class Verdict:
    """`failed` are those without an excuse; `needless` excuses stand for no test that failed."""

    passed: int
    excused: Mapping[str, int]
    failed: Mapping[str, str]
    needless: Collection[str]

    def lines(self) -> Iterator[str]:
        for test, why in self.failed.items():
            yield f"FAILED {test}: {why.strip().splitlines()[-1][:300] if why.strip() else ''}"
        told = ", ".join(f"{count} {reason}" for reason, count in sorted(self.excused.items()))
        yield f"{self.passed} passed, {len(self.failed)} failed, excused: {told or 'none'}"


def judge(outcomes: Mapping[str, tuple[str, str]], known: Collection[Excuse]) -> Verdict:
    """What came of a run: `outcomes` has (outcome, why) of each test."""
    passed, excused, failed, used = 0, dict[str, int](), dict[str, str](), set[str]()
    for test, (outcome, why) in outcomes.items():
        if outcome == "passed":
            passed += 1
            continue
        if outcome == "skipped":
            skipper = "vertex" if "Vertex" in why else "skipped by the suite"
            excused[skipper] = excused.get(skipper, 0) + 1
            continue
        found = next((excuse for excuse in known if excuse.covers(test)), None)
        if found is None:
            failed[test] = why
            continue
        excused[found.reason] = excused.get(found.reason, 0) + 1
        used |= {pattern for pattern in found.tests if Excuse("", "", [pattern]).covers(test)}
    needless = [pattern for excuse in known for pattern in excuse.tests if pattern not in used]
    return Verdict(passed, excused, failed, needless)
