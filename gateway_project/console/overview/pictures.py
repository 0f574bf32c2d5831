"""The overview's charts: series of numbers by slot, as the page's script draws them."""

from collections.abc import Callable, Iterable
from typing import Any

from django.utils.translation import gettext as _

from gateway_project.console.overview.words import names, short
from proxy_app.models.sums import Dimension
from proxy_app.reports.figures import IN_COLOUR, Part, Past
from proxy_app.reports.periods import Figures

Series = dict[str, Any]


def of(past: Past, split: Dimension | None) -> dict[str, Any]:
    """`slots`: the start of each. `charts`: name -> series of `label`, `tone` (a colour's name) and `values`."""
    return {
        "slots": [start.isoformat() for start in past.slots.starts()],
        "slot_minutes": int(past.slots.width.total_seconds() // 60),
        "charts": {
            "calls": _calls(past) if split is None else _parts(past, split),
            "tokens": _tokens(past),
            "times": _times(past),
        },
    }


def _calls(past: Past) -> list[Series]:
    return [
        _series(_("answered"), "good", past.by_slot, lambda one: one.answered),
        _series(_("client disconnected"), "faint", past.by_slot, lambda one: one.disconnected),
        _series(_("invalid requests"), "amber", past.by_slot, lambda one: one.invalid),
        _series(_("refused"), "violet", past.by_slot, lambda one: one.refused),
        _series(_("failed"), "bad", past.by_slot, lambda one: one.failed),
    ]


def _parts(past: Past, split: Dimension) -> list[Series]:
    """A series for each of the largest parts, and one for all others."""
    name = names(split)
    count = weight(split)
    shown = [part for part in past.parts[split][:IN_COLOUR] if part.slots]
    drawn = [_series(name(part.value), f"part-{place}", part.slots, count) for place, part in enumerate(shown)]
    others = [
        max(0, count(whole) - sum(series["values"][place] for series in drawn))
        for place, whole in enumerate(past.by_slot)
    ]
    if any(others):
        drawn.append({"label": _("all others"), "tone": "faint", "values": others})
    return drawn


def weight(dimension: Dimension) -> Callable[[Figures], int]:
    """What is counted: for accounts attempts, of which a call may have several; for models and keys calls."""
    return (lambda one: one.attempts) if dimension is Dimension.ACCOUNT else (lambda one: one.calls)


def _tokens(past: Past) -> list[Series]:
    return [
        _series(_("prompt"), "good", past.by_slot, lambda one: max(0, one["prompt_tokens"] - one["cached_tokens"])),
        _series(_("prompt, cached"), "pale", past.by_slot, lambda one: one["cached_tokens"]),
        _series(_("response"), "teal", past.by_slot, lambda one: one["candidates_tokens"]),
        _series(_("thinking"), "violet", past.by_slot, lambda one: one["thoughts_tokens"]),
        _series(_("tools"), "amber", past.by_slot, lambda one: one["tool_tokens"]),
    ]


def _times(past: Past) -> list[Series]:
    return [
        _series(_("TTFT p95"), "pale", past.by_slot, lambda one: one.first_event(0.95)),
        _series(_("TTFT p50"), "good", past.by_slot, lambda one: one.first_event(0.5)),
        _series(_("gateway overhead, average"), "teal", past.by_slot, lambda one: one.overhead_ms),
    ]


def _series(label: str, tone: str, slots: Iterable[Figures], read: Callable[[Figures], float | None]) -> Series:
    values = [read(one) for one in slots]
    return {"label": label, "tone": tone, "values": [None if one is None else round(one, 3) for one in values]}


def bars(past: Past, dimension: Dimension) -> list[dict[str, Any]]:
    """The parts of a dimension as rows with bars; `part` and `bad` are percentages of the largest."""
    name, count = names(dimension), weight(dimension)
    rows = past.parts[dimension]
    largest = max((count(part.figures) for part in rows), default=0) or 1
    return [_bar(part, name(part.value), count(part.figures), largest, dimension) for part in rows]


def _bar(part: Part, name: str, number: int, largest: int, dimension: Dimension) -> dict[str, Any]:
    one = part.figures
    failed = one.failed_attempts if dimension is Dimension.ACCOUNT else one.failed
    return {
        "name": name,
        "value": part.value,
        "number_text": short(number),
        "failed_text": _("%(number)s failed") % {"number": short(failed)} if failed else "",
        "tokens_text": _("%(number)s tokens") % {"number": short(one.tokens)},
        "part": round(100 * number / largest, 1),
        "bad": round(100 * min(failed, number) / largest, 1),
    }
