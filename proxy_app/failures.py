"""What an attempt that brought no first event comes to: whose fault it may be, and what the client would be told."""

from time import time

from accounts_app import credentials, patience
from accounts_app.pool.outcomes import Fault, Outcome
from proxy_app import errors, upstream
from proxy_app.relay import ErrorEvent
from proxy_app.wire import faults
from proxy_app.wire.dialects import NotAnAnswer
from proxy_app.wire.resource_names import BadName

_OWNER_NEEDED = (
    "The account that was to answer needs its owner before it can be used again. "
    "The admin says under Accounts what to do."
)
_NO_MODEL = (
    "The route that this model's name takes leads to a name that no model can have. Its operator has to correct it."
)


class Failed(Exception):
    """An attempt that brought no first event: the client has heard nothing of it.

    `answer` is what the client is told if this was the last attempt.
    """

    def __init__(self, fault: Fault, answer: errors.GatewayError) -> None:
        super().__init__(fault.outcome)
        self.fault = fault
        self.answer = answer


class ErrorAnswer(Exception):
    """Upstream answered with an error instead of events."""

    def __init__(self, status: int, body: bytes, content_type: str = "") -> None:
        super().__init__(f"status {status}")
        self.status = status
        self.body = body
        self.content_type = content_type


# Everything that may go wrong before the first event; the client's leaving (CancelledError) is not among it.
FAILURES = (
    BadName,
    ErrorAnswer,
    ErrorEvent,
    NotAnAnswer,
    TimeoutError,
    credentials.CredentialError,
    credentials.NotEligible,
    credentials.Refused,
    upstream.Failure,
)


def failed(error: Exception) -> Failed:
    """What an attempt's exception comes to: the fault to blame somebody for, and what to tell the client."""
    match error:
        case ErrorAnswer() | credentials.Refused():
            fault = faults.classify(error.status, error.body, error.content_type, time())
            return Failed(fault, _upstreams_words(fault, error.body))
        case ErrorEvent():
            fault = faults.classify(200, error.error, now=time())
            return Failed(fault, _upstreams_words(fault, error.error))
        case credentials.NeedsSignIn():
            fault = Fault(Outcome.REVOKED, message=str(error), parked=error.parked)
            return Failed(fault, errors.Unavailable(_OWNER_NEEDED))
        case credentials.NotEligible():
            fault = Fault(Outcome.NEEDS_OWNER, message=str(error), parked=error.parked, link=error.link)
            return Failed(fault, errors.Unavailable(_OWNER_NEEDED))
        case BadName():
            return Failed(Fault(Outcome.REJECTED, message=_NO_MODEL), errors.InvalidArgument(_NO_MODEL))
    text = str(error) or f"no first event within {patience.first_event_timeout():g} s"
    return Failed(
        Fault(Outcome.UNREACHABLE, message=text),
        errors.Unavailable("No upstream of this gateway could be reached. Please try again later."),
    )


def _upstreams_words(fault: Fault, body: bytes) -> errors.GatewayError:
    """Upstream's own error, byte for byte, unless it is about the account: that is between us and its owner."""
    if fault.outcome in (Outcome.UNAUTHENTICATED, Outcome.NEEDS_OWNER):
        return errors.Unavailable(_OWNER_NEEDED)
    headers = errors.retry_after(fault.delay) if fault.delay else None
    if not 400 <= fault.status < 600:
        # A redirect, a 204, an error without a code inside a 200: none of it may reach a client under that status.
        return errors.UpstreamError(502, errors.error_object(502, fault.message), headers)
    words = faults.error_in(body) or errors.error_object(fault.status, fault.message)
    return errors.UpstreamError(fault.status, words, headers)
