"""The overview: a page that is complete without JavaScript, and its parts as JSON for the script that updates them."""

import time
from collections import Counter
from datetime import timedelta
from typing import Any

from django.core.cache import cache
from django.http import HttpRequest, JsonResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts_app.actions import resources
from accounts_app.admin import inbox_page
from accounts_app.leasing import RosterUnavailable
from accounts_app.status import pool_summary
from accounts_app.status.labels import outcome_label
from accounts_app.status.translate import translated
from gateway_project.console.overview import pictures, words
from proxy_app.models.sums import Dimension
from proxy_app.reports import figures
from proxy_app.reports.figures import Past, Period
from proxy_app.reports.periods import REFUSALS

PERIODS: dict[Period, str | Promise] = {
    Period.HOUR: gettext_lazy("Hour"),
    Period.DAY: gettext_lazy("Day"),
    Period.WEEK: gettext_lazy("Week"),
    Period.MONTH: gettext_lazy("Month"),
}
SPLITS: dict[str, tuple[Dimension | None, str | Promise]] = {
    "outcome": (None, gettext_lazy("Outcome")),
    "model": (Dimension.MODEL, gettext_lazy("Model")),
    "account": (Dimension.ACCOUNT, gettext_lazy("Account")),
    "key": (Dimension.API_KEY, gettext_lazy("API key")),
}
TITLES: dict[str, str | Promise] = {
    "outcome": gettext_lazy("Attempts by outcome"),
    "model": gettext_lazy("Calls by model"),
    "account": gettext_lazy("Attempts by account"),
    "key": gettext_lazy("Calls by API key"),
}
RIGHTS = {"account": "accounts_app.view_account", "key": "accounts_app.view_apikey"}
# Operators who look at the same time share the figures; the longer the period, the slower they change.
CACHE_SECONDS = {Period.HOUR: 4, Period.DAY: 8, Period.WEEK: 20, Period.MONTH: 30}
COOLDOWNS_SHOWN = 6
_NO_FAILURES = REFUSALS | {"succeeded", "abandoned", "rejected"}


def context(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """The context of unfold's index page: everything that `live` updates."""
    return context | {"overview": _chosen(request), "live": _live(request)}


def live(request: HttpRequest) -> JsonResponse:
    """`html`: the page's parts by name. `pictures`: what its charts show."""
    return JsonResponse(_live(request), headers={"Cache-Control": "no-store"})


def _chosen(request: HttpRequest) -> dict[str, Any]:
    period, by = _period(request), _split(request)
    return {
        "period": period,
        "by": by,
        "periods": [(each.value, name, each is period) for each, name in PERIODS.items()],
        "splits": [(each, name, each == by) for each, (_, name) in SPLITS.items() if _may_see(request, each)],
        "live_url": f"{reverse('overview')}?period={period}&by={by}",
        "may_see_figures": _may_see_figures(request),
    }


def _live(request: HttpRequest) -> dict[str, Any]:
    try:
        now = pool_summary.now(time.time())
        past = _past(request) if _may_see_figures(request) else None
        return _parts(request, now, past)
    except RosterUnavailable as error:
        return {"html": {"trouble": translated(str(error))}}


def _parts(request: HttpRequest, now: pool_summary.PoolSummary, past: Past | None) -> dict[str, Any]:
    accounts = _html("accounts", request, health=_shown(request, now))
    parts: dict[str, Any] = {"html": {"inbox": inbox_page.strip(request), "accounts": accounts}}
    if past is not None:
        parts["html"] |= {
            "tiles": _html("tiles", request, tiles=_tiles(past, now), since=_cut_short(past)),
            "parts": _html("parts", request, cards=_cards(request, past)),
        }
        parts["pictures"] = pictures.of(past, SPLITS[_split(request)][0])
    return parts


def _html(part: str, request: HttpRequest, **context: Any) -> str:
    return render_to_string(f"console/overview/{part}.html", context, request)


def _past(request: HttpRequest) -> Past:
    period, by = _period(request), _split(request)
    key = f"overview:{period}:{by}"
    found = cache.get(key)
    if found is None:
        found = figures.past(period, timezone.now(), SPLITS[by][0])
        cache.set(key, found, CACHE_SECONDS[period])
    return found


def _tiles(past: Past, now: pool_summary.PoolSummary) -> list[dict[str, Any]]:
    whole = past.whole
    waited = whole["wait_ms"] / whole.calls if whole.calls else 0
    return [
        {
            "name": _("In flight"),
            "value": words.short(now.in_flight),
            "note": _("calls in the process that serves this page"),
        },
        {"name": _("Calls"), "value": words.short(whole.calls), "note": _retries(past)},
        {
            "name": _("Failed"),
            "value": words.short(whole.failed),
            "note": _("%(share)s of all calls") % {"share": words.share(whole.failed, whole.calls)},
            "tone": "bad" if whole.failed else "",
        },
        {
            "name": _("Tokens"),
            "value": words.short(whole.tokens),
            "note": _("%(share)s of the prompts from a cache")
            % {"share": words.share(whole["cached_tokens"], whole["prompt_tokens"])},
        },
        {
            "name": _("Time to first token"),
            "value": words.lasting(whole.first_event(0.5)),
            "note": _("p50; p95 %(time)s") % {"time": words.lasting(whole.first_event(0.95))},
        },
        {
            "name": _("Gateway overhead"),
            "value": words.lasting(whole.overhead_ms),
            "note": _("average; p95 %(time)s") % {"time": words.lasting(whole.overhead(0.95))}
            + (_("; queue wait %(time)s") % {"time": words.lasting(waited)} if waited else ""),
        },
    ]


def _retries(past: Past) -> str:
    whole = past.whole
    retries = max(0, whole.attempts - whole.calls + whole.refused)
    note = _("no retries")
    if retries:
        note = ngettext("%(number)s retry", "%(number)s retries", retries) % {"number": words.short(retries)}
    if not whole.refused:
        return note
    return _("%(retries)s; %(number)s refused") % {"retries": note, "number": words.short(whole.refused)}


def _cut_short(past: Past) -> Any:
    """When the figures begin, where that is later than the period's first slot."""
    return past.complete_from if past.complete_from > past.slots.begin else None


def _cards(request: HttpRequest, past: Past) -> list[dict[str, Any]]:
    """Models, accounts and keys with bars, as far as the operator may see them, and the outcomes of attempts."""
    cards = [
        {"title": TITLES[by], "rows": pictures.bars(past, dimension)}
        for by, (dimension, _name) in SPLITS.items()
        if dimension is not None and _may_see(request, by)
    ]
    return [*cards, {"title": TITLES["outcome"], "rows": _outcomes(past)}]


def _outcomes(past: Past) -> list[dict[str, Any]]:
    counted = Counter(past.whole.outcomes)
    largest = max(counted.values(), default=0) or 1
    return [
        {
            "name": outcome_label(outcome),
            "value": outcome,
            "number_text": words.short(number),
            "part": round(100 * number / largest, 1),
            "bad": 0.0 if outcome in _NO_FAILURES else round(100 * number / largest, 1),
        }
        for outcome, number in counted.most_common()
        if number
    ]


def _shown(request: HttpRequest, now: pool_summary.PoolSummary) -> dict[str, Any]:
    """The status of the accounts; by name for operators who may see them."""
    soonest = now.next_recovery
    return {
        "now": now,
        "named": _may_see(request, "account"),
        "parts": [
            (_("ready"), "good", now.ready),
            (_("cooling down"), "amber", now.cooling_down),
            (_("needs attention"), "bad", len(now.needs_attention)),
        ],
        "total": now.total or 1,
        "recovery": soonest,
        "cooldowns": now.cooldowns[:COOLDOWNS_SHOWN],
        "more": max(0, len(now.cooldowns) - COOLDOWNS_SHOWN),
        "jobs": resources.interactions_running() if request.user.has_perm("accounts_app.view_resource") else 0,
        "soon": soonest is not None and soonest.until - timezone.now() < timedelta(days=1),
    }


def _period(request: HttpRequest) -> Period:
    asked = request.GET.get("period", "")
    return Period(asked) if asked in list(Period) else Period.DAY


def _split(request: HttpRequest) -> str:
    asked = request.GET.get("by", "")
    return asked if asked in SPLITS and _may_see(request, asked) else "outcome"


def _may_see_figures(request: HttpRequest) -> bool:
    return request.user.has_perm("proxy_app.view_usagerecord")


def _may_see(request: HttpRequest, split: str) -> bool:
    return split not in RIGHTS or request.user.has_perm(RIGHTS[split])
