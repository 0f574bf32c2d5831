"""Headers and query of a call that passes through: what goes upstream, and what comes back.

Only what is known goes upstream: never a credential of the client's, an address, a cookie, or what a proxy has added. A
dialect adds its account's credential, which is the only one then.
"""

import math
from collections.abc import Iterable
from urllib.parse import urlencode

from proxy_app.wire.calls import server_timeout
from proxy_app.wire.names.uris import CREDENTIALS, Origin

Headers = list[tuple[str, str]]

_UP = frozenset(
    {"accept", "api-revision", "content-range", "content-type", "if-match", "if-none-match", "if-range", "range"}
    | {"x-goog-api-client"}
)
_UP_FAMILIES = ("x-goog-upload-", "x-upload-")

_DOWN = frozenset(
    {"accept-ranges", "content-disposition", "content-encoding", "content-length", "content-range", "content-type"}
    | {"etag", "last-modified", "location", "range", "retry-after", "x-guploader-uploadid"}
)
# Of the files' storage behind Google's host.
_INTERNAL = "x-goog-upload-header-"
_OF_THE_BODY = ("content-encoding", "content-length")
_ADDRESSES = ("location", "x-goog-upload-url", "x-goog-upload-control-url")

# As clients need them: some compare names by case.
_SPELLED = {
    "etag": "ETag",
    "x-goog-upload-url": "X-Goog-Upload-URL",
    "x-goog-upload-control-url": "X-Goog-Upload-Control-URL",
    "x-guploader-uploadid": "X-GUploader-UploadID",
}

# The answer's shape is the gateway's to make, and it has to read the answer itself; the others are for a browser that
# asks Google directly.
_NOT_SENT = frozenset({*CREDENTIALS, "quotaUser", "callback", "fields", "prettyPrint"})


def upstream_headers(headers: Iterable[tuple[str, str]], *, longest_timeout: float, as_sent: bool = False) -> Headers:
    """The client's headers that go upstream, in lower case.

    `longest_timeout` bounds `X-Server-Timeout`, in seconds: some clients send milliseconds. `as_sent` says that the
    body goes in the encoding that it came in.
    """
    kept: Headers = []
    for name, value in headers:
        name = name.lower()
        if name in _UP or name.startswith(_UP_FAMILIES) or (as_sent and name == "content-encoding"):
            kept.append((name, value))
        elif name == "x-server-timeout" and (seconds := server_timeout(value)):
            kept.append((name, str(math.ceil(min(seconds, longest_timeout)))))
    return kept


def upstream_query(pairs: Iterable[tuple[str, str]]) -> str:
    """The client's query that goes upstream, encoded, without a question mark.

    Parameters that begin with a dollar sign are Google's front end's own: one of them sets headers. Of `alt` only
    `media` means something to upstream: all else is JSON there.
    """
    return urlencode(
        [
            (name, value)
            for name, value in pairs
            if name not in _NOT_SENT and not name.startswith("$") and (name != "alt" or value == "media")
        ]
    )


def client_headers(headers: Iterable[tuple[str, str]], origin: Origin) -> Headers:
    """Upstream's headers that a client gets, with addresses that lead to the gateway.

    An address that is not one of an upload (a redirect) is left out: it leads to upstream.
    """
    kept: Headers = []
    for name, value in headers:
        name = name.lower()
        if not _goes_down(name):
            continue
        if name in _ADDRESSES:
            try:
                value = origin.upload(value)
            except ValueError:
                continue
        kept.append((_spelled(name), value))
    return kept


def error_headers(headers: Iterable[tuple[str, str]]) -> Headers:
    """Upstream's headers that a client gets with an error, whose body is written anew: no address, no length."""
    return [
        (_spelled(name), value)
        for name, value in ((name.lower(), value) for name, value in headers)
        if _goes_down(name) and name not in _ADDRESSES and name not in _OF_THE_BODY
    ]


def _goes_down(name: str) -> bool:
    return name in _DOWN or (name.startswith("x-goog-upload-") and not name.startswith(_INTERNAL))


def _spelled(name: str) -> str:
    return _SPELLED.get(name) or name.title()
