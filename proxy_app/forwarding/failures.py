"""Turns the exception of an exchange into a fault, and into the error for the client should it be the last exchange."""

from dataclasses import dataclass, replace
from time import time

from accounts_app.credentials import tokens
from accounts_app.pool.cooldowns.cooldown import LONGEST
from accounts_app.pool.outcomes import Fault, Outcome
from accounts_app.roster.timeouts import Limit
from proxy_app import errors
from proxy_app.forwarding import exchange
from proxy_app.forwarding.frames import EmptyAnswer, ErrorAnswer
from proxy_app.forwarding.passing import Passing
from proxy_app.wire.calls import Call
from proxy_app.wire.dialects import Dialect, NotAnAnswer, ReportedError
from proxy_app.wire.faults import faults
from proxy_app.wire.faults.error_bodies import error_body, word_body
from proxy_app.wire.faults.masking import masked, masked_bytes
from proxy_app.wire.interactions import requests
from proxy_app.wire.interactions.translated.values import NeedsPublicApi
from proxy_app.wire.malformed import Malformed, TooLarge
from proxy_app.wire.names.resource_names import BadName
from proxy_app.wire.openai.layers import refuses_key
from proxy_app.wire.openai.translated.native import Untranslatable
from proxy_app.wire.operations import FORWARDED, Cools, Family, Gives
from proxy_app.wire.operations.versions import is_missing

_CANNOT = (
    "{operation} is not served by the accounts that are connected to this gateway. "
    "A Gemini API key serves it: add one in its admin under Accounts."
)
_NEEDS_ATTENTION = (
    "The account that was to answer needs attention before it can be used again. "
    "The admin says under Accounts what to do."
)
_NO_MODEL = (
    "The route that this model's name takes leads to a name that no model can have. Its operator has to correct it."
)
_CLOSED = "The upstream's layer for OpenAI's clients does not take the key of the account that was to answer."
_NO_VERSION = "Version {version} of the API does not have {operation}."
_EMPTY = "The upstream sent an empty response."
_UNREADABLE = "The upstream sent an answer that cannot be read: {what}."
_NO_TOKEN = "No access token could be had for the account that was to answer. Please try again later."
_NOT_COPIED = "A file of this request could not be copied to the project of the account that was to answer: {why}"
_TIMED_OUT = "The upstream did not {begin} within {seconds:g} s, which is this gateway's {setting}."
_DEADLINE = "The upstream did not {begin} within the {seconds:g} s of X-Server-Timeout."

# Upstream's message about these is for operators, and not for clients.
_FOR_OPERATORS = frozenset({Outcome.UNAUTHENTICATED, Outcome.NEEDS_OWNER, Outcome.REVOKED})


class NotCopied(Exception):
    """A file of a call could not be had, or not be copied for the account that was to answer."""


@dataclass(frozen=True, slots=True)
class Failed:
    """An exchange that failed before anything was sent to the client.

    A value and not an exception, so that nothing keeps frames, bodies and answers alive once the call has gone on.
    `answer` is what the client gets if this was the last exchange.
    """

    fault: Fault
    answer: errors.GatewayError


# All that can go wrong before the first event, except that the client disconnects (CancelledError).
FAILURES = (
    BadName,
    EmptyAnswer,
    ErrorAnswer,
    NotAnAnswer,
    NotCopied,
    ReportedError,
    TimeoutError,
    Untranslatable,
    tokens.CredentialError,
    tokens.NotEligible,
    tokens.Refused,
    exchange.Failure,
)


def failed(error: Exception, call: Call, dialect: Dialect, limit: Limit, *secrets: str) -> Failed:
    """Fault and answer for the exception of an exchange, where `call` was sent in `dialect` and within `limit`.

    `secrets` are the account's: they are masked in all that upstream wrote.
    """
    match error:
        case exchange.Failure() if isinstance(call.content, Passing) and call.content.too_large:
            text = str(TooLarge(call.content.limit))
            return Failed(Fault(Outcome.REJECTED, message=text), errors.PayloadTooLarge(text))
        case exchange.Failure() if isinstance(call.content, Passing) and call.content.malformed:
            text = call.content.malformed
            return Failed(Fault(Outcome.REJECTED, message=text), errors.InvalidArgument(text))
        case ErrorAnswer() if dialect.versioned and is_missing(call.version, error.status, error.body):
            text = _NO_VERSION.format(version=call.version, operation=call.operation.name)
            return Failed(Fault(Outcome.VERSION_MISSING, error.status, text), errors.NotFound(text))
        case ErrorAnswer() if call.operation.family is Family.OPENAI and refuses_key(error.status, error.body):
            return Failed(Fault(Outcome.LAYER_CLOSED, error.status, _CLOSED), errors.Unavailable(_CLOSED))
        case ErrorAnswer():
            fault = dialect.fault(error.status, error.body, error.content_type, time(), error.retry_after)
            failure = _refused(fault, error.body, call, secrets)
            if isinstance(failure.answer, errors.UpstreamError):
                failure.answer.headers = {**error.headers, **failure.answer.headers}
            return failure
        case tokens.Refused():
            fault = dialect.fault(error.status, error.body, error.content_type, time())
            return _refused(fault, error.body, call, secrets)
        case ReportedError():
            return _refused(dialect.fault(200, error.error, now=time()), error.error, call, secrets)
        case EmptyAnswer():
            return Failed(Fault(Outcome.EMPTY, 200, _EMPTY), errors.BadGateway(_EMPTY))
        case NotAnAnswer():
            return Failed(Fault(Outcome.UNREADABLE, 200, str(error)), errors.BadGateway(_UNREADABLE.format(what=error)))
        case NotCopied():
            text = _NOT_COPIED.format(why=masked(str(error), *secrets))
            return Failed(Fault(Outcome.NOT_COPIED, message=text), errors.Unavailable(text))
        case exchange.Failure():
            return _not_answered(error, *secrets)
        case tokens.NeedsSignIn():
            fault = Fault(Outcome.REVOKED, message=str(error), parked=error.parked)
        case tokens.NotEligible():
            fault = Fault(Outcome.NEEDS_OWNER, message=str(error), parked=error.parked, link=error.link)
        case tokens.CredentialError():
            return Failed(Fault(Outcome.TOKEN_UNAVAILABLE, message=str(error)), errors.Unavailable(_NO_TOKEN))
        case Untranslatable():
            return Failed(Fault(Outcome.UNKNOWN_FIELD, 400, str(error)), errors.InvalidArgument(str(error)))
        case BadName():
            return Failed(Fault(Outcome.REJECTED, message=_NO_MODEL), errors.InvalidArgument(_NO_MODEL))
        case _:
            return _too_late(call, limit)
    return Failed(fault, errors.FailedPrecondition(_NEEDS_ATTENTION))


def cannot(call: Call) -> errors.GatewayError:
    """What the client gets where no account that is connected can answer `call`: it says what to connect."""
    match requests.why_untranslated(call.operation, call.body):
        case Malformed() as error:
            return errors.InvalidArgument(str(error))
        case NeedsPublicApi() as error:
            return errors.unsupported(call.operation, str(error))
    return errors.unsupported(call.operation, _CANNOT.format(operation=call.operation.name))


def _too_late(call: Call, limit: Limit) -> Failed:
    """The call's time is over: the client's own timeout, or the operator's."""
    begin = "answer" if call.form is None else "begin to answer"
    outcome, words = (Outcome.TIMED_OUT, _TIMED_OUT) if limit.setting else (Outcome.DEADLINE_PASSED, _DEADLINE)
    text = words.format(begin=begin, seconds=limit.seconds, setting=limit.setting)
    return Failed(Fault(outcome, message=text), errors.DeadlineExceeded(text))


def _refused(fault: Fault, answer: bytes, call: Call, secrets: tuple[str, ...]) -> Failed:
    """Upstream's own error, byte for byte but for secrets, unless it is about the account."""
    if call.operation.cools is Cools.FILES and faults.storage_is_full(answer):
        # The project's: its other accounts need not be asked. Google says no time that can be true.
        fault = replace(fault, outcome=Outcome.QUOTA_EXHAUSTED, delay=LONGEST)
    elif _is_final(fault, call):
        fault = replace(fault, outcome=Outcome.REJECTED)
    fault = replace(fault, message=masked(fault.message, *secrets))
    if fault.outcome in _FOR_OPERATORS:
        return Failed(fault, errors.FailedPrecondition(_NEEDS_ATTENTION))
    if fault.outcome in (Outcome.EMPTY, Outcome.UNREADABLE):
        # A redirect, a 204, an error without a code inside a 200: a client must not get one of these statuses.
        text = _EMPTY if fault.outcome is Outcome.EMPTY else _UNREADABLE.format(what=fault.message.rstrip("."))
        return Failed(fault, errors.BadGateway(text))
    in_form = word_body if call.operation.family is Family.INTERACTIONS else error_body
    delay = 1.0 if fault.outcome is Outcome.BARE_429 else fault.delay
    headers = errors.retry_after(min(delay, LONGEST)) if delay else None
    if not 400 <= fault.status < 600:
        return Failed(fault, errors.UpstreamError(502, in_form(502, fault.message), headers))
    if (words := faults.error_in(answer)) is None and call.operation.gives is Gives.BYTES:
        words = answer  # the servers of uploads and media speak plain text, and their clients read it
    words = in_form(fault.status, fault.message) if words is None else masked_bytes(words, *secrets)
    return Failed(fault, errors.UpstreamError(fault.status, words, headers))


def _not_answered(error: exchange.Failure, *secrets: str) -> Failed:
    """No connection, or one without a readable answer."""
    message = masked(str(error), *secrets)
    match error:
        case exchange.Unreachable():
            fault = Fault(Outcome.UNREACHABLE, message=message, proxy=isinstance(error, exchange.ProxyFailed))
        case exchange.OutOfDescriptors():
            fault = Fault(Outcome.GATEWAY_ERROR, message=message)
        case exchange.StaleConnection():
            fault = Fault(Outcome.STALE_CONNECTION, message=message)
        case exchange.Silent() | exchange.FellSilent():
            fault = Fault(Outcome.TIMED_OUT, message=message)
        case exchange.TooLarge():
            fault = Fault(Outcome.REJECTED, 200, message)  # it is as large from every account
        case exchange.Unreadable():
            fault = Fault(Outcome.UNREADABLE, 200, message)
        case _:
            fault = Fault(Outcome.DROPPED, message=message)
    return Failed(fault, errors.of_status(error.code, error.for_client))


def _is_final(fault: Fault, call: Call) -> bool:
    """Whether other accounts would not be better off: only one project has what is named, and a method that is not
    known here may be unknown to upstream too.
    """
    if call.operation is FORWARDED:
        return fault.outcome in (Outcome.REFUSED, Outcome.UNREADABLE) and 400 <= fault.status < 500
    if fault.outcome is not Outcome.REFUSED or fault.status not in (403, 404):
        return False
    return bool(call.named.names or call.named.unsure)
