"""Where a path stands: the root before the version, the version, and what is below it.

/v1beta/models/m:generateContent      /upload/v1beta/files        /download/v1beta/files/f:download
/v1/upload/v1beta/files               /v1/download/v1beta/…       (a client whose base address has a version)
/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent
/$discovery/…                         /.well-known/jwks.json      (without a version)
"""

import re
from dataclasses import dataclass

from proxy_app.wire.names.uris import upload_id
from proxy_app.wire.operations.columns import UNVERSIONED

# Google's newest SDKs default to v1, older ones to v1beta, ephemeral tokens use v1alpha: all alike here.
VERSIONS = ("v1beta", "v1", "v1alpha")

UPLOAD = "upload"
_MEDIA = (UPLOAD, "download")
_SOCKET = re.compile(r"google\.ai\.generativelanguage\.(\w+)\.GenerativeService\.(\w+)/?")
_OVERRIDING = ("GET", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True, slots=True)
class Address:
    """What a path is made of; `root` is "" for most, `version` only for what has none."""

    root: str
    version: str
    below: str


def read(path: str) -> Address | None:
    """The address in a decoded path, doubled slashes in it or not; None for what is none of this API's."""
    first, after = _first(path)
    if first in VERSIONS:
        second, below = _first(after)
        if second not in _MEDIA:
            return Address("", first, after)
        first, after = second, below
    if first in _MEDIA:
        version, below = _first(after)
        return Address(first, version, below) if version in VERSIONS else None
    if first == "ws":
        found = _SOCKET.fullmatch(after)
        return Address(first, found[1], found[2]) if found and found[1] in VERSIONS else None
    return Address(first, "", after) if first in UNVERSIONED else None


def is_of_session(path: str, query: str) -> bool:
    """Whether a request belongs to an upload session, by its decoded path and its query."""
    if "upload_id=" not in query or UPLOAD not in path or not upload_id(query):
        return False
    address = read(path)
    return address is not None and address.root == UPLOAD


def http_method(sent: str, override: str) -> str:
    """The HTTP method that is meant: `override` is the header `X-HTTP-Method-Override`, which a POST may carry."""
    meant = override.strip().upper()
    return meant if sent == "POST" and meant in _OVERRIDING else sent


def _first(path: str) -> tuple[str, str]:
    """The first segment, and what follows it."""
    segment, _, after = path.lstrip("/").partition("/")
    return segment, after.lstrip("/")
