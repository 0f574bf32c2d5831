"""Headers that every answer of the API has besides its own, whether a view gives it or the server itself."""

import re
from collections.abc import Collection, Sequence
from functools import lru_cache

Header = tuple[bytes, bytes]

# As Google's front end sends them.
_COMMON: tuple[Header, ...] = (
    (b"X-Content-Type-Options", b"nosniff"),
    (b"X-XSS-Protection", b"0"),
    (b"X-Frame-Options", b"SAMEORIGIN"),
    (b"Vary", b"Origin"),
    (b"Vary", b"X-Origin"),
    (b"Vary", b"Referer"),
)
# A 401 must have the challenge (RFC 9110 section 15.5.2): without it, Java's clients lose the message.
_CHALLENGED = (*_COMMON, (b"WWW-Authenticate", b'Bearer realm="gateway"'))
EVENT_STREAM: Header = (b"Content-Disposition", b"attachment")

# Allowed together with the names that a page asks for: it is the page's origin that is restricted, not its headers.
_ALLOWED_HEADERS = (
    b"accept, api-revision, authorization, content-encoding, content-range, content-type, if-match, if-none-match, "
    b"if-range, range, user-agent, x-api-key, x-gateway-explain, x-goog-api-client, x-goog-api-key, x-goog-fieldmask, "
    b"x-goog-upload-command, x-goog-upload-file-name, x-goog-upload-header-content-length, "
    b"x-goog-upload-header-content-type, x-goog-upload-offset, x-goog-upload-protocol, x-http-method-override, "
    b"x-server-timeout, x-session-affinity, x-upload-content-length, x-upload-content-type"
)
_HEADER_NAMES = re.compile(rb"[\w!#$%&'*+.^`|~-]+( *, *[\w!#$%&'*+.^`|~-]+)*", re.ASCII)
# The header of each attempt is named: GATEWAY_MAX_ATTEMPTS is 20 at most, and up to ten refused attempts come on top.
# The star stands for all where a page sends no cookies: `x-gemini-*` and `x-goog-ext-*` cannot be named.
_EXPOSED = b", ".join(
    [
        b"accept-ranges, content-disposition, content-range, date, deprecation, etag, last-modified, location, range",
        b"retry-after, server-timing, sunset, warning, www-authenticate, x-request-id, x-gateway-attempts",
        b"x-goog-upload-chunk-granularity, x-goog-upload-control-url, x-goog-upload-size-received",
        b"x-goog-upload-status, x-goog-upload-url, x-guploader-uploadid",
        *(b"x-gateway-attempt-%d" % number for number in range(1, 31)),
        b"*",
    ]
)
_PREFLIGHT: tuple[Header, ...] = (
    (b"Access-Control-Allow-Methods", b"GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"),
    (b"Access-Control-Max-Age", b"86400"),
)


def answer_headers(
    status: int, method: str, requested: Sequence[Header], origins: Collection[str]
) -> tuple[Header, ...]:
    """
    For an answer with `status` to a request with the headers `requested` (names in lower case).

    `origins` are those of the pages that may read the answer, as browsers write them, in lower case; `*` is any.
    """
    common = _CHALLENGED if status == 401 else _COMMON
    if not origins:
        return common
    headers = dict(requested)
    origin = headers.get(b"origin", b"")
    if not origin or not ("*" in origins or origin.decode("latin-1").lower() in origins):
        return common
    allowed = [
        *common,
        (b"Access-Control-Allow-Origin", b"*" if "*" in origins else origin),
        (b"Access-Control-Expose-Headers", _EXPOSED),
    ]
    if method == "OPTIONS" and b"access-control-request-method" in headers:
        allowed += _PREFLIGHT
        allowed.append((b"Access-Control-Allow-Headers", _allowed(headers.get(b"access-control-request-headers", b""))))
        if headers.get(b"access-control-request-private-network") == b"true":
            allowed.append((b"Access-Control-Allow-Private-Network", b"true"))
    return tuple(allowed)


@lru_cache(maxsize=64)
def on_the_wire(headers: tuple[Header, ...]) -> bytes:
    """The lines of an answer's head."""
    return b"".join([b"%s: %s\r\n" % header for header in headers])


def _allowed(asked_for: bytes) -> bytes:
    return b"%s, %s" % (_ALLOWED_HEADERS, asked_for) if _HEADER_NAMES.fullmatch(asked_for) else _ALLOWED_HEADERS
