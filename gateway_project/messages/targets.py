"""What a request line asks for: the absolute form, which proxies send, brought to the form everybody else sends."""

import re

_ABSOLUTE = re.compile(rb"https?://(?:[^/?#]*@)?([^/?#]*)(.*)", re.IGNORECASE | re.DOTALL)


def origin_form(target: bytes) -> tuple[bytes, bytes]:
    """`http://host/path?query` as `/path?query` and its host; any other target as it is, with no host.

    The host takes the place of the Host header (RFC 9112 section 3.2.2).
    """
    found = _ABSOLUTE.fullmatch(target)
    if found is None:
        return target, b""
    host, rest = found.groups()
    return rest if rest.startswith(b"/") else b"/" + rest, host
