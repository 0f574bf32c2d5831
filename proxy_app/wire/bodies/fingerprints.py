"""Facts about a request's body that are needed only after an attempt has failed."""

from hashlib import blake2b

from proxy_app.wire.bodies.bodies import Body, pieces

# Bytes that are hashed at the beginning and at the end. They tell requests apart: what stands in between (an image, a
# long history) is rarely the only difference, and hashing 100 MB would block other calls.
_PART = 64 * 1024


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
