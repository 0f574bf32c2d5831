"""What a row of the table is, and how the table is printed."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Row:
    """One line: what was measured against which target. `passed` is None for a line that only informs."""

    what: str
    target: str
    measured: str
    passed: bool | None = None


def ratio_row(what: str, ratios: Sequence[float], at_most: float, note: str = "") -> Row:
    """A row whose measure is the median of one ratio a round."""
    middle = median(ratios)
    measured = f"{middle:.2f} x   ({min(ratios):.2f} to {max(ratios):.2f} in {len(ratios)} rounds{note})"
    return Row(what, f"<= {at_most:g} x", measured, middle <= at_most)


def fraction_row(what: str, ratios: Sequence[float], part: float, note: str = "") -> Row:
    """The same for targets that are said as 1/n."""
    middle = median(ratios)
    measured = (
        f"1/{1 / middle:.1f}   (1/{1 / max(ratios):.1f} to 1/{1 / min(ratios):.1f} in {len(ratios)} rounds{note})"
    )
    return Row(what, f"<= 1/{part:g}", measured, middle <= 1 / part)


def percentile(values: Sequence[float], part: float) -> float:
    """The value that `part` (0..1) of the values do not exceed."""
    return sorted(values)[min(int(part * len(values)), len(values) - 1)]


def kilobytes(size: float) -> str:
    return f"{size / 1e3:.0f} kB"


def megabytes(size: float) -> str:
    return f"{size / 1e6:.1f} MB"


def printed(rows: Sequence[Row]) -> str:
    what = max(len(row.what) for row in rows)
    target = max(len(row.target) for row in rows)
    lines = [f"{'':6}{'what':{what}}  {'target':{target}}  measured"]
    for row in rows:
        mark = {True: "pass", False: "FAIL", None: ""}[row.passed]
        lines.append(f"{mark:6}{row.what:{what}}  {row.target:{target}}  {row.measured}")
    return "\n".join(lines)
