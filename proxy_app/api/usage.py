"""`/usage`, a key's own usage: as JSON for programs, and as a page that fetches that JSON."""

from collections.abc import Sequence
from datetime import UTC, datetime
from time import time
from typing import Any

import msgspec
from django.db import Error as DatabaseError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import set_script_prefix
from django.utils import translation

from accounts_app.api_keys import usage as key_usage
from accounts_app.api_keys.keys import KeyView
from accounts_app.api_keys.usage import NO_TOKENS, Limit, LimitStatus, ModelUse, Tokens
from proxy_app import errors
from proxy_app.api import auth
from proxy_app.api.limits import limit_errors

# The page loads from this gateway only and calls no other host; `form-action` keeps the key out of a URL.
_PAGE_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
}
_HEADERS = {"Cache-Control": "no-store", "Vary": "Accept"}


async def usage(request: HttpRequest) -> HttpResponse:
    """`GET /usage`: the key's limits and what is left of them, its tokens by model today and this month.

    Raises Unavailable while the database is away, which alone has the sums by model.
    """
    if auth.wants_page(request):
        return _page(request)
    key = request.auth.key  # type: ignore[attr-defined]
    try:
        report = await _report(key, time())
    except DatabaseError as error:
        raise errors.Unavailable("The gateway cannot read its database now. Please try again later.") from error
    return HttpResponse(msgspec.json.encode(report), content_type=errors.JSON, headers=_HEADERS)


def _page(request: HttpRequest) -> HttpResponse:
    set_script_prefix(request.scope.get("prefix", "") + "/")  # type: ignore[attr-defined]
    with translation.override(translation.get_language_from_request(request)):
        limits = [(_camel(limit), limit_errors.label(limit)) for limit in Limit]
        language = translation.get_language()
        content = render_to_string("proxy_app/usage.html", {"limits": limits, "language": language})
    return HttpResponse(content, headers=_HEADERS | _PAGE_HEADERS)


async def _report(key: KeyView, now: float) -> dict[str, Any]:
    spans = {"today": key_usage.day_of(now), "month": key_usage.month_of(now)}
    uses = {name: await key_usage.by_model(key, since) for name, (since, _) in spans.items()}
    return {
        "key": {
            "name": key.name,
            "owner": key.owner,
            "expiresAt": _stamp(key.expires_at),
            "allowedModels": key.allowed_models,
            "allowedAgents": key.allowed_agents,
        },
        "asOf": _stamp(now),
        "limits": [_limit(status) for status in key_usage.by_limit(key, now)],
        **{name: _span(*spans[name], uses[name]) for name in spans},
    }


def _limit(status: LimitStatus) -> dict[str, Any]:
    allowed, used = status.allowed, status.used
    return {
        "limit": _camel(status.limit),
        "quotaId": limit_errors.quota_id(status.limit),
        "quotaValue": allowed,
        "used": used,
        "remaining": None if allowed is None else max(0, allowed - used),
        "resetsAt": _stamp(status.resets_at),
    }


def _span(since: float, until: float, uses: Sequence[ModelUse]) -> dict[str, Any]:
    total = NO_TOKENS
    for use in uses:
        total += use.tokens
    return {
        "since": _stamp(since),
        "until": _stamp(until),
        "requests": sum(use.requests for use in uses),
        "refused": sum(use.refused for use in uses),
        "tokens": _tokens(total),
        "models": [
            {"model": use.model, "requests": use.requests, "refused": use.refused, "tokens": _tokens(use.tokens)}
            for use in uses
        ],
    }


def _tokens(tokens: Tokens) -> dict[str, int]:
    return {
        "prompt": tokens.prompt,
        "cached": tokens.cached,
        "candidates": tokens.candidates,
        "thoughts": tokens.thoughts,
        "tool": tokens.tool,
        "total": tokens.charged,
    }


def _camel(limit: Limit) -> str:
    first, *following = limit.value.split("_")
    return first + "".join(word.capitalize() for word in following)


def _stamp(moment: float | None) -> str | None:
    if moment is None:
        return None
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
