"""The pool in simulated time: what innocent calls lose and what upstream is asked, on pools of four sizes."""

from collections.abc import Sequence

from bench.simulation.scenarios import POOLS, SCENARIOS, Result, play
from bench.table import Row

NAMES = ("simulation",)

# Told in the very moment that the trouble ended, when somebody could just have answered again.
AT_THE_END = 10
# Four of ten requests fail, and six in a row are given up.
OF_RANDOM_TROUBLE = 0.01


def measure(_: object, names: Sequence[str]) -> list[Row]:
    """A line for each scenario."""
    return [_row(what) for what in SCENARIOS]


def _row(what: str) -> Row:
    results = [play(what, pool) for pool in POOLS]
    lost = " ".join(f"{result.calls.lost}" for result in results)
    asked = " ".join(f"{result.calls.asked_each:.2f}" for result in results)
    slowest = " ".join(f"{result.calls.slowest:.1f}" for result in results)
    after = "".join(f" {result.after.lost}" for result in results if result.after is not None)
    measured = f"lost {lost}; upstream requests a call {asked}; slowest {slowest} s"
    return Row(
        f"{what}, pools of {', '.join(map(str, POOLS))}",
        "none lost, but for limits",
        measured + (f"; lost 2 s after its end{after}" if after else ""),
        all(map(_holds, results)),
    )


def _holds(result: Result) -> bool:
    calls, after = result.calls, result.after
    allowed = max(AT_THE_END if after else 0, OF_RANDOM_TROUBLE * calls.calls if "random" in result.what else 0)
    spared = calls.asked <= 1.1 * calls.calls + result.budget or "random" in result.what or "3 of 10" in result.what
    return calls.lost <= allowed and spared and (after is None or after.lost == 0)
