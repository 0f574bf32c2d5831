"""`python -m tests.mutation [--all] [PART …]`: mutates `pool` and `wire`, and counts the mutants that no test kills.

PART chooses the modules whose dotted name contains it. Without `--all` only some of the mutants are made, always the
same ones. The exit status is 0 if at least SHARE of them are killed and `docs/TESTING.md` has a reason for each of the
others.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.mutation.mutants import Mutant, mutants_of
from tests.mutation.running import ROOT, Result, prepare, result_of

PURE = {"accounts_app/pool": "tests/accounts_app/pool", "proxy_app/wire": "tests/proxy_app/wire"}
REASONS = ROOT / "docs" / "TESTING.md"
DRAWN, SHARE = 0.3, 0.95
# Tests of a mutant may take PATIENCE times as long as with the real module, and SHORTEST seconds at least.
PATIENCE, SHORTEST = 5.0, 5.0


@dataclass(slots=True)
class Module:
    """A pure module, its mutants, and the tests that should kill them: the most specific file first."""

    name: str
    path: Path
    tests: list[Path]
    mutants: list[Mutant] = field(default_factory=list)
    survivors: list[Mutant] = field(default_factory=list)


def modules(parts: list[str], everyone: bool) -> Iterator[Module]:
    for code, tests in PURE.items():
        for path in sorted((ROOT / code).rglob("*.py")):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
            if not parts or any(part in name for part in parts):
                mutants = [each for each in mutants_of(name, path.read_text(), str(path)) if everyone or is_drawn(each)]
                yield Module(name, path, tests_of(name, ROOT / tests, "dialects" in path.parts), mutants)


def tests_of(name: str, folder: Path, in_a_package: bool) -> list[Path]:
    """Those under `folder` that import the module, or its package if it is in one; the one of its name comes first.

    The whole folder where there are none.
    """
    package, _, last = name.rpartition(".")
    within = rf"from {re.escape(package)} import (?:\([^)]*|[^(\n]*)\b{last}\b"
    whole = re.escape(package if in_a_package else name)
    imported = re.compile(rf"(?:from|import) {whole}\b|{within}")
    found = [path for path in sorted(folder.rglob("test_*.py")) if imported.search(path.read_text())]
    return sorted(found, key=lambda path: path.stem != f"test_{last}") or [folder]


def is_drawn(mutant: Mutant) -> bool:
    """Whether it is in the sample, which is drawn by name: an edit elsewhere leaves the sample as it is."""
    return hashlib.sha256(mutant.name.encode()).digest()[0] < 256 * DRAWN


def judge(module: Module, reasons: str) -> None:
    """Fills `survivors`, and prints those without a reason. Raises SystemExit if the tests fail without a mutant."""
    result, seconds = result_of(module.name, None, module.tests, 300)
    if result is not Result.SURVIVED:
        sys.exit(f"{module.name}: its tests fail without any mutant.")
    patience = max(seconds * PATIENCE, SHORTEST)
    for mutant in module.mutants:
        result, _ = result_of(module.name, mutant.code, module.tests, patience)
        if result is Result.SURVIVED:
            module.survivors.append(mutant)
            if mutant.name not in reasons:
                print(f"  {module.path.name}:{mutant.line} {mutant.name}", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="make mutants")
    parser.add_argument("--all", action="store_true", help=f"every mutant, not only {100 * DRAWN:.0f} %% of them")
    parser.add_argument("parts", nargs="*", metavar="PART", help="a part of the names of the modules to mutate")
    asked = parser.parse_args()
    prepare()
    chosen = list(modules(asked.parts, asked.all))
    reasons = REASONS.read_text()
    for module in chosen:
        judge(module, reasons)
        made = len(module.mutants)
        print(f"{module.name}: {made - len(module.survivors)} of {made} killed", flush=True)
    made = sum(len(module.mutants) for module in chosen)
    survivors = [mutant for module in chosen for mutant in module.survivors]
    unexplained = sum(mutant.name not in reasons for mutant in survivors)
    share = 1 - len(survivors) / made if made else 1.0
    print(f"{made} mutants, {share:.1%} killed; {unexplained} survivors without a reason in {REASONS.name}")
    return 0 if share >= SHARE and not unexplained else 1


if __name__ == "__main__":
    sys.exit(main())
