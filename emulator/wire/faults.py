"""The catalogue: every way in which Google was seen to fail, by name.

A fault is an `ErrorBody` (rendered as an object, or as an array for a streaming call without `alt=sse`), a `Reply`
(to the byte) or a `Style` (a normal answer that goes wrong on its way). Texts and details are quoted from servers.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from emulator.wire.durations import go_duration, proto_duration, spoken_duration, timestamp
from emulator.wire.errors import (
    CODE_ASSIST,
    COMPANION,
    GENERATIVE,
    GOOGLE,
    ErrorBody,
    bad_request,
    help_links,
    info,
    localized,
    retry_info,
)
from emulator.wire.replies import Json, Reply, Style, html_reply, json_reply


@dataclass(frozen=True, slots=True)
class FaultContext:
    """What a fault's texts speak of; `delay` in seconds overrides the fault's own."""

    model: str = "gemini-2.5-pro"
    project: str = "my-project"
    verb: str = "generateContent"
    version: str = "v1beta"
    now: float = 0.0
    delay: float | None = None

    def wait(self, usual: float) -> float:
        return usual if self.delay is None else self.delay


_GENERATING = frozenset({"streamGenerateContent", "countTokens", "getModel"})

Fault = ErrorBody | Reply | Style

_EXHAUSTED = "Resource has been exhausted (e.g. check quota)."
_BAD_TOKEN = (
    "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid "
    "authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project."
)


# -- 429 and capacity -----------------------------------------------------------------------------------------------


def quota_exhausted(scene: FaultContext, usual: float = 33740.910400305) -> ErrorBody:
    wait = scene.wait(usual)
    text = f"You have exhausted your capacity on this model. Your quota will reset after {spoken_duration(wait)}."
    return ErrorBody(429, text, details=_quota_details("QUOTA_EXHAUSTED", scene, wait))


def individual_quota(scene: FaultContext) -> ErrorBody:
    wait = scene.wait(33740.910400305)
    text = (
        "Individual quota reached. Please upgrade your subscription to increase your limits. "
        f"Resets in {spoken_duration(wait)}."
    )
    return ErrorBody(429, text, details=_quota_details("QUOTA_EXHAUSTED", scene, wait))


def rate_limited(scene: FaultContext) -> ErrorBody:
    wait = scene.wait(0.539477544)
    text = f"You have exhausted your capacity on this model. Your quota will reset after {int(wait)}s."
    return ErrorBody(429, text, details=_quota_details("RATE_LIMIT_EXCEEDED", scene, wait))


def rate_limited_go_duration(scene: FaultContext) -> ErrorBody:
    """The delay only as a Go duration in the metadata: no RetryInfo."""
    wait = scene.wait(47941.20964964)
    text = f"You have exhausted your capacity on this model. Your quota will reset after {spoken_duration(wait)}."
    return ErrorBody(429, text, details=_quota_details("RATE_LIMIT_EXCEEDED", scene, wait)[:1])


def rate_limited_without_delay(scene: FaultContext) -> ErrorBody:
    detail = info("RATE_LIMIT_EXCEEDED", CODE_ASSIST, model=scene.model)
    return ErrorBody(429, "You have exhausted your capacity on this model.", details=[detail])


def front_door_rate_limited(scene: FaultContext) -> ErrorBody:
    text = (
        "Quota exceeded for quota metric 'Requests' and limit 'Requests per minute' of service "
        f"'{COMPANION}' for consumer 'projects/{scene.project}'."
    )
    metadata = {
        "consumer": f"projects/{scene.project}",
        "service": COMPANION,
        "quota_metric": f"{COMPANION}/requests",
        "quota_limit": "RequestsPerMinutePerProject",
    }
    return ErrorBody(429, text, details=[info("RATE_LIMIT_EXCEEDED", GOOGLE, **metadata)])


def capacity(status: int, *, told: bool) -> Callable[[FaultContext], ErrorBody]:
    def build(scene: FaultContext) -> ErrorBody:
        details = [info("MODEL_CAPACITY_EXHAUSTED", CODE_ASSIST, model=scene.model)]
        if told or scene.delay is not None:
            details.append(retry_info(proto_duration(scene.wait(9))))
        return ErrorBody(status, f"No capacity available for model {scene.model} on the server", details=details)

    return build


def legacy_429(scene: FaultContext) -> Reply:
    """Google's error format 1, as asked for with `$.xgafv=1`."""
    body = quota_exhausted(scene).as_json()
    body["error"]["errors"] = [{"message": _EXHAUSTED, "domain": "global", "reason": "rateLimitExceeded"}]
    return json_reply(body, 429)


def nested_429(scene: FaultContext) -> ErrorBody:
    """The real error as JSON text inside the message."""
    return ErrorBody(429, json.dumps(rate_limited(scene).as_json()))


def array_429(scene: FaultContext) -> Reply:
    return rate_limited(scene).reply(wrapped=True)


def _quota_details(reason: str, scene: FaultContext, wait: float) -> list[Json]:
    metadata = {
        "uiMessage": "true",
        "model": scene.model,
        "quotaResetDelay": go_duration(wait),
        "quotaResetTimeStamp": timestamp(scene.now + wait),
    }
    return [info(reason, CODE_ASSIST, **metadata), retry_info(proto_duration(wait))]


# -- 403: the account's owner is needed -----------------------------------------------------------------------------


def validation_required(scene: FaultContext) -> ErrorBody:
    url, learn = "https://accounts.google.example/verify?plt=emulator", "https://support.google.com/accounts?p=al_alert"
    detail = info(
        "VALIDATION_REQUIRED",
        CODE_ASSIST,
        validation_url=url,
        validation_url_link_text="Verify your account",
        validation_error_message="Verify your account to continue.",
        validation_learn_more_url=learn,
        validation_learn_more_link_text="Learn more",
    )
    links = {"Verify your account": url, "Learn more": learn}
    return ErrorBody(403, "Verify your account to continue.", details=[detail, help_links(links)])


def tos_violation(scene: FaultContext) -> ErrorBody:
    text = (
        "This service has been disabled in this account for violation of Terms of Service. "
        "Please submit an appeal to continue using this product."
    )
    metadata = {
        "uiMessage": "true",
        "appeal_url": "https://appeal.google.example/form",
        "appeal_url_link_text": "Appeal form",
    }
    return ErrorBody(403, text, details=[info("TOS_VIOLATION", CODE_ASSIST, **metadata)])


def service_disabled(scene: FaultContext) -> ErrorBody:
    url = f"https://console.developers.google.com/apis/api/{COMPANION}/overview?project={scene.project}"
    text = (
        f"Gemini for Google Cloud API has not been used in project {scene.project} before or it is disabled. Enable it "
        f"by visiting {url} then retry. If you enabled this API recently, wait a few minutes for the action to "
        "propagate to our systems and retry."
    )
    metadata = {
        "service": COMPANION,
        "serviceTitle": "Gemini for Google Cloud API",
        "consumer": f"projects/{scene.project}",
        "containerInfo": scene.project,
        "activationUrl": url,
    }
    details = [info("SERVICE_DISABLED", GOOGLE, **metadata), localized(text)]
    return ErrorBody(403, text, details=[*details, help_links({"Google developers console API activation": url})])


def consumer_invalid(scene: FaultContext) -> ErrorBody:
    metadata = {
        "service": COMPANION,
        "consumer": f"projects/{scene.project}",
        "containerInfo": scene.project,
    }
    text = f"Permission denied on resource project {scene.project}."
    return ErrorBody(403, text, details=[info("CONSUMER_INVALID", GOOGLE, **metadata), localized(text)])


def subscription_required(scene: FaultContext) -> ErrorBody:
    text = "You are missing a valid license for Gemini Code Assist. Please contact your administrator. (#3501)"
    return ErrorBody(403, text, details=[info("SUBSCRIPTION_REQUIRED", COMPANION)])


def forbidden_key(reason: str, text: str) -> Callable[[FaultContext], ErrorBody]:
    def build(scene: FaultContext) -> ErrorBody:
        metadata = {"service": GENERATIVE, "consumer": f"projects/{scene.project}"}
        return ErrorBody(403, text, details=[info(reason, GOOGLE, **metadata)])

    return build


# -- 401, 400, 404 --------------------------------------------------------------------------------------------------


def bad_token(reason: str) -> Callable[[FaultContext], ErrorBody]:
    def build(scene: FaultContext) -> ErrorBody:
        verb = scene.verb[:1].upper() + scene.verb[1:]
        method = f"google.internal.cloud.code.v1internal.CloudCode.{verb}"
        metadata = {"service": CODE_ASSIST, "method": method}
        return ErrorBody(401, _BAD_TOKEN, details=[info(reason, GOOGLE, **metadata)])

    return build


def api_key_invalid(scene: FaultContext) -> ErrorBody:
    text = "API key not valid. Please pass a valid API key."
    return ErrorBody(400, text, details=[info("API_KEY_INVALID", GOOGLE, service=GENERATIVE), localized(text)])


def model_not_found(scene: FaultContext) -> ErrorBody:
    """Streaming, counting and getting speak of generateContent too."""
    verb = "generateContent" if scene.verb in _GENERATING else scene.verb
    text = (
        f"models/{scene.model} is not found for API version {scene.version}, or is not supported for {verb}. "
        "Call ListModels to see the list of available models and their supported methods."
    )
    return ErrorBody(404, text)


def unknown_field(scene: FaultContext) -> ErrorBody:
    text = 'Invalid JSON payload received. Unknown name "x": Cannot find field.'
    return ErrorBody(400, text, details=[bad_request([("", text)])])


def plain(status: int, text: str, *details: Json, name: str = "") -> Callable[[FaultContext], ErrorBody]:
    """An error whose text does not depend on the scene."""
    return lambda scene: ErrorBody(status, text, name, details)


def oauth_error(status: int, error: str, description: str = "", **more: str) -> Callable[[FaultContext], Reply]:
    """The token endpoint's own form, RFC 6749 section 5.2."""
    body = {"error": error, **({"error_description": description} if description else {}), **more}
    return lambda scene: json_reply(body, status)


def page(status: int, title: str) -> Callable[[FaultContext], Reply]:
    """A front end's HTML page: the request never reached the API."""
    text = f"<html><head><title>{status} {title}</title></head><body><h1>{status} {title}</h1></body></html>\n"
    return lambda scene: html_reply(text, status)


def always(fault: Reply | Style) -> Callable[[FaultContext], Fault]:
    return lambda scene: fault
