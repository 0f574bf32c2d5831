"""Which API key is calling, and whether it may.

A key may stand in four places (`Authorization: Bearer`, `x-api-key`, `x-goog-api-key`, `?key=`), and any one that
verifies lets the call in: gemini-cli, for one, sends two of them at once.
"""

import time
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest
from django.http.request import split_domain_port, validate_host

from accounts_app.api_keys import keys, usage
from accounts_app.api_keys.keys import KeyView
from accounts_app.pool.access.networks import is_loopback
from accounts_app.pool.access.tenants import Tenant
from accounts_app.pool.outcomes import Outcome, Refusal
from proxy_app import errors
from proxy_app.api import operator_pass
from proxy_app.api.limits import limit_errors
from proxy_app.ledger.attempt_log import AttemptLog
from proxy_app.wire.bodies import model_fields
from proxy_app.wire.calls import Call
from proxy_app.wire.operations import FORWARDED, Takes, addresses

OFF, STRICT, ALL_EXCEPT_HEALTH, AUTO = "off", "strict", "all_except_health", "auto"

_NO_KEY_CONFIGURED = (
    "This gateway asks for an API key, but none is configured yet. "
    "Create one in the admin or with `python manage.py issue_key NAME`."
)
_MISSING = "This gateway asks for an API key: send one as x-goog-api-key, x-api-key, Authorization: Bearer, or ?key=."
_NOT_READ_YET = "The gateway has not been able to read its database yet."
_FOREIGN_UPLOAD = "This upload was started with another API key."
_INVALID = "API key not valid. Please pass a valid API key of this gateway."


@dataclass(frozen=True, slots=True)
class Principal:
    """The caller: an API key, an operator from the console, or neither where no key is needed."""

    key: KeyView | None = None
    operator: str = ""

    @property
    def key_id(self) -> int | None:
        return self.key.id if self.key else None

    @property
    def tenant(self) -> Tenant:
        """Whose names it may use and makes."""
        return Tenant(self.key.id, self.key.group) if self.key else Tenant()

    @property
    def may_explain(self) -> bool:
        return bool(self.operator) or (self.key is not None and self.key.may_explain)

    def may_use(self, model: str) -> bool:
        return self.key is None or self.key.may_use(model)


async def admit(request: HttpRequest) -> Principal:
    """The caller of any path of the API. Raises Unauthenticated, PermissionDenied, Unavailable.

    A request of an upload session needs no key: `admit_to_session` decides once the session is found.
    """
    if addresses.is_of_session(request.path, request.META.get("QUERY_STRING", "")):
        return Principal()
    principal = _identify(request, needed=_mode_in_force(request) != OFF)
    if principal.key_id is None:
        _refuse_foreign_pages(request)
    return principal


def admit_to_session(request: HttpRequest, tenant: Tenant) -> Principal | None:
    """The caller of an upload session: whoever started it. None when that key is not valid any more.

    Raises PermissionDenied for the key of somebody else, RosterUnavailable.
    """
    now = time.time()
    for presented in _presented_keys(request):
        view = keys.verify(presented, now)
        if view is not None and not Tenant(view.id, view.group).made(tenant.key, tenant.group):
            raise errors.PermissionDenied(_FOREIGN_UPLOAD)
    if tenant.key is None:
        return Principal()
    starter = keys.by_id(tenant.key, now)
    return None if starter is None else Principal(starter)


async def admit_to_health(request: HttpRequest) -> Principal:
    """The caller of a health check, which needs a key in mode `strict` only.

    Host names are not checked: probes of containers use addresses that no operator lists.
    """
    try:
        return _identify(request, needed=_mode_in_force(request) == STRICT)
    except errors.Unavailable:
        return Principal()  # a health check has to answer while the database is away


async def admit_to_usage(request: HttpRequest) -> Principal:
    """The caller of `/usage`: a key is needed whatever the mode, except for the page, on which people enter theirs.

    Raises Unauthenticated, PermissionDenied, Unavailable.
    """
    if wants_page(request):
        return Principal()
    try:
        principal = _identify(request, needed=True)
    except keys.RosterUnavailable as error:
        raise errors.Unavailable(_NOT_READ_YET, outcome=Outcome.GATEWAY_ERROR) from error
    if principal.key is None:
        raise _refusal(presented=True)  # an operator's token, which has no usage of its own
    return principal


def wants_page(request: HttpRequest) -> bool:
    """Whether the client is a browser, which shows people a page."""
    return "text/html" in request.META.get("HTTP_ACCEPT", "")


def begin(principal: Principal, call: Call, attempt_log: AttemptLog) -> AbstractContextManager[object]:
    """Let a call begin. While the returned context is entered the call is one of the key's calls in flight; leaving it
    charges the key with the tokens in `attempt_log`.

    Raises PermissionDenied, ResourceExhausted.
    """
    key = principal.key
    if key is None:
        return nullcontext()
    for model in call.named.models:
        if not key.may_use(model):
            raise not_allowed(model)
    for agent in call.named.agents:
        if not key.may_ask(agent):
            raise _not_to_be_asked(agent)
    if key.allowed_models:
        _refuse_unseen_models(call)
    now = time.time()
    try:
        return usage.enter(key, call.model, now, attempt_log.spent, call.requests)
    except usage.OverLimit as over:
        raise limit_errors.refusal(over, key.name, now, call.requests) from over


def _refuse_unseen_models(call: Call) -> None:
    """Refuse a call that might use any model to a key that may use some. Raises PermissionDenied."""
    if call.operation is FORWARDED:
        what = "methods that this gateway does not know"
    elif call.operation.names_models and model_fields.has_requests_in_a_file(call.body):
        what = "batches whose requests stand in a file"
    elif call.operation.takes is Takes.FORM and not call.named.models:
        what = "forms that name no model"
    else:
        return
    raise errors.PermissionDenied(
        f"This API key may use some models only, so it may not use {what}.",
        [errors.error_info("METHOD_NOT_ALLOWED")],
        outcome=Refusal.MODEL_NOT_ALLOWED,
    )


def not_allowed(model: str) -> errors.PermissionDenied:
    """The error for a model that a key may not use, whether or not there is one of that name."""
    return errors.PermissionDenied(
        f"This API key may not use models/{model}. Call ListModels to see the models it may use.",
        [errors.error_info("MODEL_NOT_ALLOWED", model=model)],
        outcome=Refusal.MODEL_NOT_ALLOWED,
    )


def _not_to_be_asked(agent: str) -> errors.PermissionDenied:
    return errors.PermissionDenied(
        f"This API key may not use the agent {agent}.",
        [errors.error_info("AGENT_NOT_ALLOWED", agent=agent)],
        outcome=Refusal.MODEL_NOT_ALLOWED,
    )


def _identify(request: HttpRequest, *, needed: bool) -> Principal:
    now = time.time()
    presented = _presented_keys(request)
    elsewhere: KeyView | None = None
    for key in presented:
        if operator := operator_pass.holder(key):
            return Principal(operator=operator)
        if view := keys.verify(key, now):
            if view.may_call_from(_address(request)):
                return Principal(view)
            elsewhere = view
    if needed:
        if elsewhere:
            raise _not_from_here(request, elsewhere)
        # The request log names a key that has been disabled or has expired; the client hears the same as of any other.
        request.known_key = next((view.id for key in presented if (view := keys.known(key))), None)  # type: ignore[attr-defined]
        raise _refusal(bool(presented))
    return Principal()


def _address(request: HttpRequest) -> str:
    """The client's address, which the server has taken from the headers of trusted proxies; "" on a Unix socket."""
    client = request.scope.get("client")  # type: ignore[attr-defined]
    return client[0] if client else ""


def _not_from_here(request: HttpRequest, key: KeyView) -> errors.PermissionDenied:
    address = _address(request) or "a Unix socket"
    request.known_key = key.id  # type: ignore[attr-defined]
    return errors.PermissionDenied(
        f"This API key may not be used from {address}.",
        [errors.error_info("API_KEY_IP_ADDRESS_BLOCKED", address=address)],
        outcome=Refusal.ADDRESS_NOT_ALLOWED,
    )


def _presented_keys(request: HttpRequest) -> list[str]:
    meta = request.META
    found = [
        meta.get("HTTP_X_GOOG_API_KEY", ""),
        meta.get("HTTP_X_API_KEY", ""),
        *_bearers(meta.get("HTTP_AUTHORIZATION", "")),
    ]
    # A header sent twice arrives as one, joined by commas.
    found += [part for one in found if "," in one for part in one.split(",")]
    if "key=" in meta.get("QUERY_STRING", ""):
        found += request.GET.getlist("key")
    return list(dict.fromkeys(key.strip() for key in found if key.strip()))


def _bearers(authorization: str) -> list[str]:
    """The tokens of `Bearer TOKEN`, also where the header was sent more than once."""
    parts = [part.strip().partition(" ") for part in authorization.split(",")]
    return [token for scheme, _, token in parts if scheme.lower() == "bearer"]


def _refusal(presented: bool) -> errors.Unauthenticated:
    if not keys.any_configured():
        outcome = Refusal.KEY_INVALID if presented else Refusal.KEY_MISSING
        return errors.Unauthenticated(_NO_KEY_CONFIGURED, [errors.error_info("NO_API_KEY_CONFIGURED")], outcome=outcome)
    if presented:
        return errors.Unauthenticated(_INVALID, [errors.error_info("API_KEY_INVALID")])
    return errors.Unauthenticated(_MISSING, [errors.error_info("API_KEY_MISSING")], outcome=Refusal.KEY_MISSING)


def _mode_in_force(request: HttpRequest) -> str:
    try:
        mode = keys.auth_mode()
    except keys.RosterUnavailable as error:
        raise errors.Unavailable(_NOT_READ_YET, outcome=Outcome.GATEWAY_ERROR) from error
    if mode != AUTO:
        return mode
    return OFF if _bound_to_loopback(request) else ALL_EXCEPT_HEALTH


def _bound_to_loopback(request: HttpRequest) -> bool:
    """Whether GATEWAY_HOST is a loopback address, and the one that this connection arrived at: daphne's `-b` may set
    another.
    """
    arrived_at = request.scope.get("server") or ("", 0)  # type: ignore[attr-defined]
    return is_loopback(settings.GATEWAY_HOST) and is_loopback(arrived_at[0])


def _refuse_foreign_pages(request: HttpRequest) -> None:
    """A web page must not spend the operator's quota through a gateway that asks for no key.

    Browsers name the page's origin on such requests; a page that rebinds its own name to 127.0.0.1 shows in `Host`.
    """
    named = request.META.get("HTTP_HOST", "").lower()
    origin = request.META.get("HTTP_ORIGIN", "").lower()
    allowed = settings.GATEWAY_CORS_ORIGINS
    if origin and origin.partition("://")[2] != named and origin not in allowed and "*" not in allowed:
        raise errors.PermissionDenied(
            f"Pages from {origin} may not use this gateway without a key. "
            "Allow the origin in GATEWAY_CORS_ORIGINS, or send an API key.",
            [errors.error_info("ORIGIN_NOT_ALLOWED")],
        )
    host, _ = split_domain_port(named)
    if named and not validate_host(host, settings.ALLOWED_HOSTS):
        raise errors.PermissionDenied(
            f"This gateway is not known as {host or named}. Add the name to GATEWAY_ALLOWED_HOSTS, or send an API key.",
            [errors.error_info("HOST_NOT_ALLOWED")],
        )
