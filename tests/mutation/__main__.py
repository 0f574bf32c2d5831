"""`python -m tests.mutation [--all] [PART …]`: mutates `pool` and `wire`, and counts the mutants that no test kills.

PART chooses the modules whose dotted name contains it. Without `--all` only some of the mutants are made, always the
same ones. The exit status is 0 if at least SHARE of them are killed and `docs/TESTING.md` has a reason for each of the
others.
"""

from __future__ import annotations

import argparse
import hashlib
import multiprocessing
import os
import re
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import repeat
from math import ceil
from pathlib import Path

from tests.mutation.mutants import Mutant, mutants_of
from tests.mutation.running import ROOT, Result, prepare, result_of

PURE = {"accounts_app/pool": "tests/accounts_app/pool", "proxy_app/wire": "tests/proxy_app/wire"}
REASONS = ROOT / "docs" / "TESTING.md"
DRAWN, SHARE = 0.3, 0.95
# Tests of a mutant may use PATIENCE times as much CPU as with the real module, and SHORTEST seconds at least.
PATIENCE, SHORTEST, LONGEST = 3.0, 5.0, 300


@dataclass(frozen=True, slots=True)
class Module:
    """A pure module, and the tests that should kill its mutants: the most specific file first."""

    name: str
    path: Path
    tests: list[Path]


@dataclass(frozen=True, slots=True)
class Judged:
    """The number of a module's mutants, and the line and the name of each that no test killed."""

    name: str
    made: int
    survivors: list[tuple[int, str]]


def modules(parts: list[str]) -> Iterator[Module]:
    for code, tests in PURE.items():
        for path in sorted((ROOT / code).rglob("*.py")):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
            if not parts or any(part in name for part in parts):
                folder = ROOT / tests / path.parent.relative_to(ROOT / code)
                yield Module(name, path, tests_of(name, ROOT / tests, folder, "dialects" in path.parts))


def tests_of(name: str, everything: Path, folder: Path, in_a_package: bool) -> list[Path]:
    """Those under `everything` that import the module, or its package if it is in one; the one of its name comes first.

    Where none has its name, also those in `folder`, or in the nearest one above that exists.
    """
    package, _, last = name.rpartition(".")
    within = rf"from {re.escape(package)} import (?:\([^)]*|[^(\n]*)\b{last}\b"
    whole = re.escape(package if in_a_package else name)
    imported = re.compile(rf"(?:from|import) {whole}\b|{within}")
    found = [path for path in sorted(everything.rglob("test_*.py")) if imported.search(path.read_text())]
    found.sort(key=lambda path: path.stem != f"test_{last}")
    nearest = next(each for each in (folder, *folder.parents) if each.is_dir())
    return found if found and found[0].stem == f"test_{last}" else [*found, nearest]


def is_drawn(mutant: Mutant) -> bool:
    """Whether it is in the sample, which is drawn by name: an edit elsewhere leaves the sample as it is."""
    return hashlib.sha256(mutant.name.encode()).digest()[0] < 256 * DRAWN


def judge(module: Module, everyone: bool) -> Judged:
    """Raises SystemExit if the tests fail without a mutant."""
    result, seconds = result_of(module.name, None, module.tests, LONGEST)
    if result is not Result.SURVIVED:
        sys.exit(f"{module.name}: its tests fail without any mutant.")
    patience = ceil(max(seconds * PATIENCE, SHORTEST))
    made, survivors = 0, []
    for mutant in mutants_of(module.name, module.path.read_text(), str(module.path)):
        if everyone or is_drawn(mutant):
            made += 1
            if result_of(module.name, mutant.code, module.tests, patience)[0] is Result.SURVIVED:
                survivors.append((mutant.line, mutant.name))
    return Judged(module.name, made, survivors)


def judge_all(chosen: list[Module], everyone: bool) -> Iterator[Judged]:
    """In order; as many at a time as there are cores."""
    cores = len(os.sched_getaffinity(0))
    with ProcessPoolExecutor(cores, mp_context=multiprocessing.get_context("fork")) as workers:
        yield from workers.map(judge, chosen, repeat(everyone))


def main() -> int:
    parser = argparse.ArgumentParser(prog="make mutants")
    parser.add_argument("--all", action="store_true", help=f"every mutant, not only {100 * DRAWN:.0f} %% of them")
    parser.add_argument("parts", nargs="*", metavar="PART", help="a part of the names of the modules to mutate")
    asked = parser.parse_args()
    prepare()
    reasons = REASONS.read_text()
    made = survived = unexplained = 0
    for judged in judge_all(list(modules(asked.parts)), asked.all):
        without = [(line, name) for line, name in judged.survivors if name not in reasons]
        for line, name in without:
            print(f"  line {line}: {name}")
        print(f"{judged.name}: {judged.made - len(judged.survivors)} of {judged.made} killed", flush=True)
        made += judged.made
        survived += len(judged.survivors)
        unexplained += len(without)
    share = 1 - survived / made if made else 1.0
    print(f"{made} mutants, {share:.1%} killed; {unexplained} survivors without a reason in {REASONS.name}")
    return 0 if share >= SHARE and not unexplained else 1


if __name__ == "__main__":
    sys.exit(main())
