"""The error for a key that has used up a limit: a 429 like Google's, as SDKs and gemini-cli read it.

gemini-cli goes by the quotaId: with PerDay in it it gives up, else it waits for RetryInfo if that is within five
minutes (its googleQuotaErrors.ts). Both suit the limits here.
"""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts_app.api_keys.usage import Exceeded, Limit, OverLimit
from accounts_app.pool.outcomes import Refusal
from proxy_app.errors import ResourceExhausted, client_delay
from proxy_app.wire.faults.error_bodies import Detail

# quotaMetric, quotaId, and words for the message.
_QUOTAS = {
    Limit.REQUESTS_PER_MINUTE: ("requests", "GatewayRequestsPerMinutePerKey", "{:,} requests per minute"),
    Limit.REQUESTS_PER_DAY: ("requests", "GatewayRequestsPerDayPerKey", "{:,} requests per day (UTC)"),
    Limit.REQUESTS_PER_MONTH: ("requests", "GatewayRequestsPerMonthPerKey", "{:,} requests per month (UTC)"),
    Limit.TOKENS_PER_DAY: ("tokens", "GatewayTokensPerDayPerKey", "{:,} tokens per day (UTC)"),
    Limit.TOKENS_PER_MONTH: ("tokens", "GatewayTokensPerMonthPerKey", "{:,} tokens per month (UTC)"),
    Limit.MAX_CONCURRENCY: ("concurrent_calls", "GatewayConcurrentCallsPerKey", "{:,} concurrent requests"),
}

_LABELS = {
    Limit.REQUESTS_PER_MINUTE: _("Requests per minute"),
    Limit.REQUESTS_PER_DAY: _("Requests per day"),
    Limit.REQUESTS_PER_MONTH: _("Requests per month"),
    Limit.TOKENS_PER_DAY: _("Tokens per day"),
    Limit.TOKENS_PER_MONTH: _("Tokens per month"),
    Limit.MAX_CONCURRENCY: _("Max concurrent requests"),
}


def refusal(over: OverLimit, key_name: str, now: float, requests: int = 1) -> ResourceExhausted:
    """The error for a call, which counts as so many requests, over the limits of the key called `key_name`.

    It names every exceeded limit; the time to wait is until the last of them frees up.
    """
    delay = client_delay(max(one.frees_at for one in over.exceeded) - now)
    limits = " and ".join(_QUOTAS[one.limit][2].format(one.allowed) for one in over.exceeded)
    if requests == 1:
        message = f"This API key has used up its limit of {limits}."
    else:
        message = (
            f"This API key's limit of {limits} has no room for this call, whose texts count as {requests:,} requests."
        )
    return ResourceExhausted(
        f"{message} Please retry in {delay:.3f}s.",
        delay,
        [
            {
                "@type": "type.googleapis.com/google.rpc.QuotaFailure",
                "violations": [_violation(one, key_name) for one in over.exceeded],
            }
        ],
        Refusal.KEY_LIMIT,
    )


def quota_id(limit: Limit) -> str:
    """The quotaId of this limit in a 429."""
    return _QUOTAS[limit][1]


def label(limit: Limit) -> Promise:
    """The name of this limit for people, in their language."""
    return _LABELS[limit]


def _violation(one: Exceeded, key_name: str) -> Detail:
    metric, quota, _words = _QUOTAS[one.limit]
    return {
        "quotaMetric": f"gemini-gateway/{metric}",
        "quotaId": quota,
        "quotaDimensions": {"apiKey": key_name},
        "quotaValue": str(one.allowed),
    }
