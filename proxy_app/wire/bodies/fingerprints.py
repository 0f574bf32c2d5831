"""What is found out about a request's body only after it has failed."""

import re
from hashlib import blake2b

from proxy_app.wire.bodies.bodies import Body, pieces

# The beginning and the end tell requests apart: what differs in between (an image, a long history) is rarely all that
# differs, and hashing 100 MB would keep everybody waiting.
_PART = 64 * 1024

# A cache, an uploaded file, a store of files. Files elsewhere (a video's page, a bucket) are anybody's to read. Some
# clients write \/ for a slash.
_RESOURCE = re.compile(
    rb'"(?:cachedContent|cached_content)"'
    rb'|"(?:fileUri|file_uri)"\s*:\s*"(?:[^"]*/)?files\\?/'
    rb'|"fileSearchStores\\?/'
)


def fingerprint(body: Body) -> tuple[int, bytes]:
    """The body's length in bytes, and a hash of its first and last 64 KiB."""
    parts = [memoryview(piece) for piece in pieces(body)]
    digest = blake2b(digest_size=16)
    left = _PART
    for part in parts:
        digest.update(part[:left])
        left -= min(left, len(part))
    tail = []
    left = _PART
    for part in reversed(parts):
        tail.append(part[max(0, len(part) - left) :])
        left -= min(left, len(part))
    for part in reversed(tail):
        digest.update(part)
    return sum(map(len, parts)), digest.digest()


def names_a_resource(body: Body) -> bool:
    """Whether the request speaks of a file, a cache or a store, which one project has and no other."""
    return any(_RESOURCE.search(piece) for piece in pieces(body))
