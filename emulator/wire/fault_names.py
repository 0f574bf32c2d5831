"""The names of the faults, in the order one reads about them; `FAULTS[name](scene)` builds one."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from emulator.wire import faults
from emulator.wire.errors import CODE_ASSIST, GOOGLE, ErrorBody, info
from emulator.wire.faults import (
    Fault,
    FaultContext,
    always,
    bad_token,
    capacity,
    forbidden_key,
    oauth_error,
    page,
    plain,
)
from emulator.wire.public.quotas import caches_full, embedding_quota, public_quota, storage_full
from emulator.wire.replies import SSE_TYPE, Ending, ErrorForm, Reply, Style, UsageForm

_EXHAUSTED = "Resource has been exhausted (e.g. check quota)."
_UNREGISTERED = (
    "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other "
    "form of API consumer identity to call this API."
)
_MISSING_SIGNATURE = (
    "Function call is missing a thought_signature in functionCall parts. This is required for tools to work correctly, "
    "and missing thought_signature may lead to degraded model performance. Additional data, function call "
    "`default_api:get_weather` , position 2. Please refer to https://ai.google.dev/gemini-api/docs/thought-signatures "
    "for more details."
)

FAULTS: Mapping[str, Callable[[FaultContext], Fault]] = {
    # 429: spent, or too fast
    "quota_exhausted": faults.quota_exhausted,
    "individual_quota": faults.individual_quota,
    "rate_limited": faults.rate_limited,
    "rate_limited_go_duration": faults.rate_limited_go_duration,
    "rate_limited_without_delay": faults.rate_limited_without_delay,
    "front_door_rate_limited": faults.front_door_rate_limited,
    "bare_429": plain(429, _EXHAUSTED),
    "insufficient_credits": plain(429, _EXHAUSTED, info("INSUFFICIENT_G1_CREDITS_BALANCE")),
    "per_minute": public_quota("PerMinute", 2, 56.185908122),
    "per_day": public_quota("PerDay", 50, 12345.5),
    "embeddings_per_minute": embedding_quota("PerMinute", 100, 41.2),
    "no_quota": public_quota("PerDay", 0, 30.0),
    "storage_full": storage_full,
    "stores_full": plain(429, "Corpus has reached the storage limit of 1000000000 bytes."),
    "caches_full": caches_full,
    "legacy_429": faults.legacy_429,
    "nested_429": faults.nested_429,
    "array_429": faults.array_429,
    # overloaded, broken, late
    "capacity_429": capacity(429, told=False),
    "capacity_503": capacity(503, told=True),
    "overloaded": plain(503, "The model is overloaded. Please try again later."),
    "unavailable": plain(503, "The service is currently unavailable."),
    "internal": plain(500, "Internal error encountered."),
    "cancelled": plain(499, "The operation was cancelled."),
    "deadline_exceeded": plain(504, "Deadline expired before operation could complete."),
    "html_502": page(502, "Bad Gateway"),
    "html_503": page(503, "Service Unavailable"),
    "html_413": page(413, "Request Entity Too Large"),
    "html_404": page(404, "Not Found"),
    # 403: the owner is needed
    "validation_required": faults.validation_required,
    "tos_violation": faults.tos_violation,
    "service_disabled": faults.service_disabled,
    "consumer_invalid": faults.consumer_invalid,
    "subscription_required": faults.subscription_required,
    "security_policy_violated": plain(
        403, "Request is prohibited by organization's policy.", info("SECURITY_POLICY_VIOLATED", GOOGLE)
    ),
    "scope_insufficient": plain(
        403,
        "Request had insufficient authentication scopes.",
        info("ACCESS_TOKEN_SCOPE_INSUFFICIENT", GOOGLE, service=CODE_ASSIST),
    ),
    "permission_denied": plain(403, "The caller does not have permission"),
    "unregistered_caller": plain(403, _UNREGISTERED),
    "key_service_blocked": forbidden_key("API_KEY_SERVICE_BLOCKED", "Requests to this API are blocked."),
    "key_referrer_blocked": forbidden_key("API_KEY_HTTP_REFERRER_BLOCKED", "Requests from this referrer are blocked."),
    "key_ip_blocked": forbidden_key(
        "API_KEY_IP_ADDRESS_BLOCKED", "The provided API key has an IP address restriction."
    ),
    "consumer_suspended": forbidden_key("CONSUMER_SUSPENDED", "Permission denied: Consumer has been suspended."),
    # 401
    "token_expired": bad_token("ACCESS_TOKEN_EXPIRED"),
    "credentials_missing": bad_token("CREDENTIALS_MISSING"),
    "token_type_unsupported": bad_token("ACCESS_TOKEN_TYPE_UNSUPPORTED"),
    # the request itself
    "invalid_argument": plain(400, "Request contains an invalid argument."),
    "too_many_tokens": plain(400, "The input token count exceeds the maximum number of tokens allowed 1048576."),
    "unknown_field": faults.unknown_field,
    "missing_signature": plain(400, _MISSING_SIGNATURE),
    "corrupted_signature": plain(400, "Corrupted thought signature."),
    "location_unsupported": plain(400, "User location is not supported for the API use.", name="FAILED_PRECONDITION"),
    "precondition_failed": plain(400, "Precondition check failed.", name="FAILED_PRECONDITION"),
    "authorization_missing": plain(400, "Missing or invalid Authorization header."),
    "api_key_invalid": faults.api_key_invalid,
    "several_credentials": plain(400, "Multiple authentication credentials received. Please pass only one."),
    "not_found": plain(404, "Requested entity was not found."),
    "model_not_found": faults.model_not_found,
    # the token endpoint
    "invalid_grant": oauth_error(400, "invalid_grant", "Token has been expired or revoked."),
    "invalid_grant_bad_request": oauth_error(400, "invalid_grant", "Bad Request"),
    "invalid_rapt": oauth_error(
        400, "invalid_grant", "reauth related error (invalid_rapt)", error_subtype="invalid_rapt"
    ),
    "invalid_client": oauth_error(401, "invalid_client", "The OAuth client was not found."),
    "unauthorized_client": oauth_error(401, "unauthorized_client", "Unauthorized"),
    "token_internal": oauth_error(500, "internal_failure"),
    "token_unavailable": page(503, "Service Unavailable"),
    "token_rate_limited": oauth_error(429, "rate_limit_exceeded", "Rate Limit Exceeded"),
    # the connection, before an answer
    "hang_up": always(Reply(status=0, ending=Ending.CUT)),
    "reset": always(Reply(status=0, ending=Ending.RESET)),
    "stall": always(Reply(status=0, ending=Ending.STALL)),
    "stall_after_headers": always(Reply(content_type=SSE_TYPE, ending=Ending.STALL)),
    "cut_body": always(
        Reply(chunks=(b'{"response": {"candidates": [{"content": {"role": ',), sized=True, ending=Ending.CUT)
    ),
    "empty_200": always(Style(empty=True)),
    "not_json_200": always(Reply(chunks=(b"<html>welcome to the hotel</html>",), sized=True)),
    # the stream, after its start
    "cut_before_first": always(Style(cut_after=0)),
    "cut_after_first": always(Style(cut_after=1)),
    "reset_before_first": always(Style(reset_after=0)),
    "reset_after_first": always(Style(reset_after=1)),
    "stall_before_first": always(Style(stall_after=0)),
    "stall_after_first": always(Style(stall_after=1)),
    "no_finish": always(Style(finish=False)),
    "malformed_event": always(Style(garbage_after=1)),
    "malformed_first_event": always(Style(garbage_after=0)),
    "error_first": always(Style(error_after=0)),
    "error_first_in_event": always(Style(error_after=0, error_form=ErrorForm.DATA)),
    "error_in_stream": always(Style(error_after=1)),
    "error_in_stream_pretty": always(Style(error_after=1, error_form=ErrorForm.PRETTY)),
    "error_in_stream_event": always(Style(error_after=1, error_form=ErrorForm.DATA)),
    "error_in_stream_joined": always(Style(error_after=1, error_form=ErrorForm.JOINED)),
    # the stream of an interaction
    "dropped_at_checkpoint": always(Style(checkpoint=3, dropped=True)),
    "requires_continuation": always(Style(hop=3)),
    # peculiar but sound
    "done_marker": always(Style(done=True)),
    "line_feeds": always(Style(newline="\n")),
    "byte_by_byte": always(Style(chunk_size=1)),
    "gzipped": always(Style(gzip=True)),
    "trailing_usage": always(Style(usage=UsageForm.TRAILING)),
}


def error_named(name: str, scene: FaultContext) -> ErrorBody:
    """The fault of that name, which has to be one with Google's error body. Raises TypeError for another."""
    fault = FAULTS[name](scene)
    if not isinstance(fault, ErrorBody):
        raise TypeError(f"{name} is not an error with a body that could stand inside a stream")
    return fault
