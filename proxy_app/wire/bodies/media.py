"""Bodies as people read them: media that stand in them as base64 are replaced by their type and size, and what secrets
tools and environments are given is left out.
"""

import re

# The fields that hold media, in every spelling.
_FIELD = re.compile(
    rb'"(?:data|imageBytes|image_bytes|videoBytes|video_bytes|audioBytes|audio_bytes|bytesBase64Encoded|'
    rb'bytes_base64_encoded|b64_json)"\s*:\s*"'
)
# Headers for a tool's server and for hosts that an environment may reach, variables of an environment.
_SECRETS = re.compile(rb'"(?:headers|transform|env)"\s*:\s*(?=[{\[])')
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*+"|[{}\[\]]', re.DOTALL)
_LEFT_OUT = b'"<left out>"'
_BASE64 = re.compile(rb"[A-Za-z0-9+/_=\\-]+")
_TYPE = re.compile(rb'"(?:mimeType|mime_type)"\s*:\s*"([^"\\]{1,100})"')

SHORTEST = 64  # characters: what is shorter is left as it is
NEAR = 200  # characters before and after the media, in which its type stands


def without_media(body: bytes, most: int) -> bytes:
    """The first `most` bytes of a JSON text, or of what is left of one, without its media and secrets. Reads no further
    than that.

    `"data": "iVBORw0…"` becomes `"data": "<image/png, 12345 bytes>"`, and `"headers": {…}` `"headers": "<left out>"`.
    """
    kept, at = bytearray(), 0
    while len(kept) < most:
        # As far as is still needed, and the rest of a field's name.
        until = at + most - len(kept) + NEAR
        found = _first(_FIELD.search(body, at, until), _SECRETS.search(body, at, until))
        if found is None:
            kept += body[at : at + most]
            break
        if found.re is _SECRETS:
            kept += body[at : found.end()] + _LEFT_OUT
            at = _end_of(body, found.end())
            continue
        end = body.find(b'"', found.end())
        end = len(body) if end < 0 else end
        kept += body[at : found.end()]
        kept += _replaced(body, found.start(), found.end(), end)
        at = end
    return bytes(kept[:most])


def _first(one: re.Match[bytes] | None, other: re.Match[bytes] | None) -> re.Match[bytes] | None:
    return min(filter(None, (one, other)), key=lambda found: found.start(), default=None)


def _end_of(body: bytes, begin: int) -> int:
    """Where the object or list that begins there ends; the end of the body where it does not."""
    depth = 0
    for token in _TOKEN.finditer(body, begin):
        depth += (token[0] in b"{[") - (token[0] in b"}]")
        if depth == 0:
            return token.end()
    return len(body)


def _replaced(body: bytes, field: int, begin: int, end: int) -> bytes:
    """What stands for the value between `begin` and `end` of the field that begins at `field`."""
    length = end - begin
    if length < SHORTEST or not _BASE64.fullmatch(body, begin, begin + SHORTEST):
        return body[begin:end]
    before = body[max(0, field - NEAR) : field].rpartition(b"{")[2]
    after = body[end : end + NEAR].partition(b"}")[0]
    kind = _TYPE.search(before) or _TYPE.search(after)
    padding = body[end - 2 : end].count(b"=")
    size = length * 3 // 4 - padding
    return b"<%s, %d bytes>" % (kind[1] if kind else b"media", size)
