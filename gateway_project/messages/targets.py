"""The target of a request line: the absolute form, as clients send it to a proxy, becomes the usual origin form."""

import re

_ABSOLUTE = re.compile(rb"https?://(?:[^/?#]*@)?([^/?#]*)(.*)", re.IGNORECASE | re.DOTALL)


def origin_form(target: bytes) -> tuple[bytes, bytes]:
    """`http://host/path?query` as `/path?query` and its host; any other target as it is, with no host.

    The host takes the place of the Host header (RFC 9112 section 3.2.2).
    """
    found = _ABSOLUTE.fullmatch(target)
    if found is None:
        return target, b""
    host, path = found.groups()
    return path if path.startswith(b"/") else b"/" + path, host
