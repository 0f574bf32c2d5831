"""The errors that clients get, always in Google's shape, which `render` makes that of the API they call.

    GatewayError                a status, a message, details
    ├── InvalidArgument         400  the request cannot be read
    ├── FailedPrecondition      400  no account can serve until a person has acted; clients would retry a 503
    ├── MethodRefused           400  instead of Unimplemented, for clients that would send the call again
    ├── Unauthenticated         401  no key, or none that verifies
    ├── PermissionDenied        403  a foreign web page, or a key that may not be used from here or for this model
    ├── NotFound                404  no such path, model or verb
    ├── UploadOver              400  an upload session that has ended, or is not there
    ├── MethodNotAllowed        405  the path is right, the method is not
    ├── AlreadyExists           409  the name that is asked for is taken
    ├── Aborted                 409  a newer request has taken over
    ├── PayloadTooLarge         413  the request is larger than what the gateway takes, compressed or not
    ├── UnsupportedEncoding     415  the request is compressed in a way that the gateway cannot undo
    ├── ResourceExhausted       429  every account cools down, or the key has used up a limit; says until when
    ├── Unimplemented           501  Google has this operation, the upstream has not
    ├── BadGateway              502  upstream's response was empty, or cannot be read
    ├── Unavailable             503  no account can be reached now
    ├── DeadlineExceeded        504  upstream did not begin to answer in time
    └── UpstreamError           upstream's own error, byte for byte
    BrokenStream                an answer that was interrupted after its first event

Only `render` turns them into a response; `wire.faults.error_bodies` makes their bytes, and those of the server's own
refusals. `BrokenStream` is apart: its status line has been sent already, so all that is left is one last event and a
dropped connection.
"""

import math
from collections.abc import Mapping, Sequence

from django.http import HttpResponse

from accounts_app.pool.outcomes import Outcome, Refusal
from proxy_app.wire.faults.error_bodies import Detail, error_body
from proxy_app.wire.framing.stream_forms import ErrorFrame, framed
from proxy_app.wire.operations import Family, Operation

JSON = "application/json; charset=UTF-8"


class GatewayError(Exception):
    """An answer other than 200. `code` is the HTTP status; `headers` are added to the response.

    `outcome` is its outcome in the request log when there was no attempt: that of the class, if it is not given.
    """

    code = 500
    outcome: Outcome | Refusal = Outcome.GATEWAY_ERROR

    def __init__(
        self,
        message: str,
        details: Sequence[Detail] = (),
        headers: Mapping[str, str] | None = None,
        outcome: Outcome | Refusal | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.details = details
        self.headers = dict(headers or {})
        self.outcome = outcome or type(self).outcome

    def body(self) -> bytes:
        """The error as one JSON object."""
        return error_body(self.code, self.message, self.details)

    def framed(self, frame: ErrorFrame, pretty: bool | None) -> bytes:
        """The error as it is sent, in the frame that its client reads."""
        return framed(self.body(), frame, pretty)


class InvalidArgument(GatewayError):
    code = 400
    outcome = Refusal.MALFORMED


class FailedPrecondition(GatewayError):
    code = 400
    outcome = Refusal.NO_ACCOUNT

    def body(self) -> bytes:
        return error_body(self.code, self.message, self.details, status="FAILED_PRECONDITION")


class MethodRefused(GatewayError):
    """Instead of Unimplemented, for clients that would send a call again after a 501."""

    code = 400
    outcome = Refusal.UNSUPPORTED


class Unauthenticated(GatewayError):
    code = 401
    outcome = Refusal.KEY_INVALID


class PermissionDenied(GatewayError):
    code = 403
    outcome = Refusal.ORIGIN_NOT_ALLOWED


class NotFound(GatewayError):
    code = 404
    outcome = Refusal.MALFORMED


class ResourceNotThere(GatewayError):
    """What the call names is not there, or is somebody else's; `code` is the one of its kind."""

    outcome = Refusal.RESOURCE_NOT_FOUND

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


class AlreadyExists(GatewayError):
    code = 409
    outcome = Refusal.MALFORMED

    def body(self) -> bytes:
        return error_body(self.code, self.message, self.details, status="ALREADY_EXISTS")


class Aborted(GatewayError):
    code = 409
    outcome = Refusal.LEFT_EARLY

    def body(self) -> bytes:
        return error_body(self.code, self.message, self.details, status="ABORTED")


class UploadOver(GatewayError):
    """In plain text and with the session's `state`, as the servers of uploads answer."""

    code = 400
    outcome = Refusal.MALFORMED

    def __init__(self, state: str) -> None:
        headers = {"Content-Type": "text/plain; charset=utf-8", "X-Goog-Upload-Status": state}
        super().__init__("Upload has already been terminated.", headers=headers)

    def body(self) -> bytes:
        return self.message.encode()


class MethodNotAllowed(GatewayError):
    code = 405
    outcome = Refusal.MALFORMED


class PayloadTooLarge(GatewayError):
    code = 413
    outcome = Refusal.TOO_LARGE


class UnsupportedEncoding(GatewayError):
    code = 415
    outcome = Refusal.MALFORMED


class Unimplemented(GatewayError):
    code = 501
    outcome = Refusal.UNSUPPORTED


class BadGateway(GatewayError):
    code = 502


class DeadlineExceeded(GatewayError):
    code = 504


class Unavailable(GatewayError):
    code = 503
    outcome = Refusal.NO_ACCOUNT


class ResourceExhausted(GatewayError):
    """Every account cools down, or the key's limit is used up. `delay` is the time until that is over, in seconds.

    It is sent twice: AI SDK and opencode read only `Retry-After`, gemini-cli only RetryInfo.
    """

    code = 429
    outcome = Refusal.NO_ACCOUNT

    def __init__(
        self, message: str, delay: float, details: Sequence[Detail] = (), outcome: Refusal | None = None
    ) -> None:
        delay = client_delay(delay)
        retry_info = {
            "@type": "type.googleapis.com/google.rpc.RetryInfo",
            "retryDelay": f"{delay:.3f}s",
        }
        super().__init__(message, [*details, retry_info], retry_after(delay), outcome)


class UpstreamError(GatewayError):
    """Upstream's own error: its status, and its body `raw`, which is sent as it is."""

    def __init__(self, code: int, raw: bytes, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"Upstream answered {code}", headers=headers)
        self.code = code
        self._raw = raw

    def body(self) -> bytes:
        return self._raw

    def framed(self, frame: ErrorFrame, pretty: bool | None) -> bytes:
        """Clients of the interactions API read errors in either form of Google's."""
        return super().framed(ErrorFrame.OBJECT if frame is ErrorFrame.WORDS else frame, pretty)


class BrokenStream(Exception):
    """An answer that ended after its first event without being finished.

    `event` is the error object that goes to the client as the last event; the connection is dropped after it.
    """

    expected = True  # the server drops the connection without logging a traceback

    def __init__(self, event: bytes) -> None:
        super().__init__("the answer broke off")
        self.event = event


def unsupported(operation: Operation, message: str) -> GatewayError:
    """The refusal of an operation that no account serves."""
    refused = MethodRefused if operation.family in _SENDING_AGAIN else Unimplemented
    return refused(message)


def of_status(code: int, message: str) -> GatewayError:
    """The error for an exchange with upstream that failed: 502, 504, and 503 for any other code."""
    kinds: dict[int, type[GatewayError]] = {502: BadGateway, 504: DeadlineExceeded}
    return kinds.get(code, Unavailable)(message)


def client_delay(delay: float) -> float:
    """The seconds that a client is to wait: at least one, rounded up to the millisecond so that it is never early."""
    return max(1.0, math.ceil(delay * 1000) / 1000)


def retry_after(delay: float) -> dict[str, str]:
    """The `Retry-After` header for a delay in seconds, rounded up as the header knows whole seconds only."""
    return {"Retry-After": str(max(1, math.ceil(delay)))}


def error_info(reason: str, **metadata: str) -> Detail:
    """A google.rpc.ErrorInfo of the gateway's own, as its domain says."""
    return {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": reason,
        "domain": "gemini-gateway",
        "metadata": metadata,
    }


# Families whose clients send a call again after a 501, and the frames of their errors.
_SENDING_AGAIN = (Family.INTERACTIONS, Family.OPENAI)
_FRAMES_OF_THEIRS = (ErrorFrame.WORDS, ErrorFrame.OPENAI)

# Seconds. Google's Python SDK sleeps for as long as an interaction's error says, hours too.
LONGEST_OF_INTERACTIONS = 60


def render(error: GatewayError, frame: ErrorFrame = ErrorFrame.OBJECT, pretty: bool | None = None) -> HttpResponse:
    """The response for `error`, in the frame that its client reads; `pretty` is the client's `prettyPrint`."""
    body, code, headers = error.framed(frame, pretty), error.code, dict(error.headers)
    kind = headers.pop("Content-Type", frame.content_type)
    if frame in _FRAMES_OF_THEIRS and code == 501:
        code = 400
    if frame is ErrorFrame.WORDS:
        said = headers.get("Retry-After", "0")
        if not said.isdecimal() or int(said) > LONGEST_OF_INTERACTIONS:
            headers |= retry_after(LONGEST_OF_INTERACTIONS)
    return HttpResponse(body, status=code, content_type=kind, headers=headers)
