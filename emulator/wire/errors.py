"""Google's error bodies, and the exception that carries one to the client."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from emulator.wire.replies import TEXT_TYPE, Json, Reply, html_reply, pretty

CODE_ASSIST = "cloudcode-pa.googleapis.com"
COMPANION = "cloudaicompanion.googleapis.com"
GENERATIVE = "generativelanguage.googleapis.com"
GOOGLE = "googleapis.com"

STATUS_NAMES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ABORTED",
    429: "RESOURCE_EXHAUSTED",
    499: "CANCELLED",
    500: "INTERNAL",
    501: "UNIMPLEMENTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}


@dataclass(frozen=True, slots=True)
class ErrorBody:
    """`google.rpc.Status` as JSON; `status` is also the HTTP status."""

    status: int
    message: str
    name: str = ""
    details: Sequence[Json] = ()

    def as_json(self) -> Json:
        error: Json = {
            "code": self.status,
            "message": self.message,
            "status": self.name or STATUS_NAMES.get(self.status, "UNKNOWN"),
        }
        if self.details:
            error["details"] = list(self.details)
        return {"error": error}

    def reply(self, *, wrapped: bool = False, headers: Sequence[tuple[str, str]] = ()) -> Reply:
        """`wrapped` is the array form: a streaming call without `alt=sse` that fails before its first element."""
        body = pretty(self.as_json())
        shown = b"[" + body.rstrip() + b"\n]" if wrapped else body
        return Reply(status=self.status, headers=headers, chunks=(shown,), sized=True)


@dataclass(frozen=True, slots=True)
class PlainError:
    """An error in plain text, as the upload servers give them."""

    status: int
    message: str
    headers: Sequence[tuple[str, str]] = ()

    def reply(self, *, wrapped: bool = False) -> Reply:
        """Never `wrapped`: text has no array form."""
        chunks = (self.message.encode(),)
        return Reply(self.status, self.headers, chunks, content_type=TEXT_TYPE, sized=True)


@dataclass(frozen=True, slots=True)
class WordedError:
    """An error of interactions and what goes with them: its code is a word."""

    status: int
    message: str
    code: str

    def as_json(self) -> Json:
        return {"error": {"message": self.message, "code": self.code}}

    def reply(self, *, wrapped: bool = False, headers: Sequence[tuple[str, str]] = ()) -> Reply:
        """Never `wrapped`: these methods give no arrays."""
        return Reply(self.status, headers, (pretty(self.as_json()),), sized=True)


class Refused(Exception):
    """The request is answered with this error."""

    def __init__(self, body: ErrorBody | PlainError | WordedError) -> None:
        super().__init__(body.message)
        self.body = body


def refuse(status: int, message: str, *details: Json, name: str = "") -> Refused:
    return Refused(ErrorBody(status, message, name, details))


def info(reason: str, domain: str = "", **metadata: str) -> Json:
    detail: Json = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason}
    if domain:
        detail["domain"] = domain
    if metadata:
        detail["metadata"] = metadata
    return detail


def retry_info(delay: str) -> Json:
    return {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay}


def help_links(links: Mapping[str, str]) -> Json:
    listed = [{"description": description, "url": url} for description, url in links.items()]
    return {"@type": "type.googleapis.com/google.rpc.Help", "links": listed}


def localized(message: str) -> Json:
    return {"@type": "type.googleapis.com/google.rpc.LocalizedMessage", "locale": "en-US", "message": message}


def quota_failure(*violations: Json) -> Json:
    return {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": list(violations)}


def bad_request(violations: Sequence[tuple[str, str]]) -> Json:
    """`violations` are pairs of field path ("" for the top level) and description."""
    listed = [{"field": field, "description": text} if field else {"description": text} for field, text in violations]
    return {"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": listed}


def unknown_path(path: str) -> Reply:
    """Google's front end answers unknown paths with a page, not with JSON."""
    shown = path.replace("&", "&amp;").replace("<", "&lt;")
    return html_reply(
        "<!DOCTYPE html>\n<html lang=en>\n  <title>Error 404 (Not Found)!!1</title>\n"
        f"  <p><b>404.</b> <ins>That is an error.</ins>\n  <p>The requested URL <code>{shown}</code> was not found on "
        "this server.  <ins>That is all we know.</ins>\n",
        status=404,
    )
