"""Which conversation a call belongs to, as a 64-bit key: the same for every turn of a chat, on every node.

The key is made of what does not change between turns: the API key, the system instruction, the first user content (of
an interaction, the first step of its input; of a chat in OpenAI's form, the user's first message). A name goes before
these: of a cached content or an uploaded file, which only one account can serve, or of the session, where the client
sends one.
"""

import json
import re
from hashlib import blake2b

from msgspec import Raw

from accounts_app.pool.names.names import LONGEST
from proxy_app.wire.bodies.bodies import Body
from proxy_app.wire.malformed import Malformed

# Bytes of a content that are hashed, and of `contents` that are searched for the first one: enough to tell
# conversations apart, and a 100 MB body costs no more than a small one.
_READ = 64 * 1024

# Bytes of `contents` that are searched for an uploaded file. What is larger carries its files inline.
_SEARCHED = 1024 * 1024

_CACHED = ("cachedContent", "cached_content")
_SESSION = ("sessionId", "session_id")
_CONTENTS = ("contents", "input", "messages")
_NOT_THE_USERS = ("model", "assistant", "system", "developer")
_INSTRUCTION = ("systemInstruction", "system_instruction")
_FILE = re.compile(rb'"file(?:Uri|_uri)"\s*:\s*"([^"]*)"')

_scan = json.JSONDecoder().raw_decode  # (value, where it ends); does not read on


def affinity_key(body: Body, api_key_id: int | None, session_hint: str = "") -> int:
    """The key of the conversation `body` is a turn of.

    1. A cached content or an uploaded file belongs to the account it was made with: its name alone is the key.
    2. `session_hint` is the client's own name for the session, from a header (a character is a byte); it counts within
       its API key.
    3. Otherwise API key, system instruction and first user content.

    Raises Malformed for a name of the client's own that is longer than any name may be.
    """
    _bounded(len(session_hint), "X-Session-Affinity")
    for spelling in _SESSION:
        if spelling in body:
            _bounded_in_json(body[spelling], spelling)
    if name := _cached_content(body):
        return _hash(b"cached", name)
    contents = next((body[name] for name in _CONTENTS if name in body), Raw())
    if uri := _uploaded_file(contents):
        return _hash(b"file", uri)
    caller = str(api_key_id).encode()
    if session_hint:
        return _hash(b"session", caller, session_hint.encode())
    return _hash(b"content", caller, _instruction(body), _first_user_content(contents))


def session_id(key: int) -> str:
    """The session's name for upstream: the key in hex. Upstream only compares it."""
    return f"{key:016x}"


def _hash(*parts: bytes) -> int:
    digest = blake2b(digest_size=8)
    for part in parts:
        digest.update(b"%d:" % len(part))  # so that no two lists of parts read the same
        digest.update(part)
    return int.from_bytes(digest.digest(), "big")


def _bounded(length: int, where: str) -> None:
    if length > LONGEST:
        raise Malformed(f"{where} is longer than {LONGEST} bytes.")


def _bounded_in_json(name: Raw, where: str) -> None:
    _bounded(memoryview(name).nbytes - len('""'), where)


def _cached_content(body: Body) -> bytes:
    for spelling in _CACHED:
        if spelling in body:
            _bounded_in_json(body[spelling], spelling)
            value = _slashes(bytes(body[spelling]))
            return b"" if value == b'""' else value
    return b""


def _uploaded_file(contents: Raw) -> bytes:
    """The first uploaded file in `contents`. Files elsewhere (a video's page, a bucket) are open to every account."""
    text = _beginning(contents, _SEARCHED)
    if b'"fileUri"' not in text and b'"file_uri"' not in text:
        return b""
    uris = map(_slashes, _FILE.findall(text))
    return next((uri for uri in uris if b"/files/" in uri or uri.startswith(b"files/")), b"")


def _slashes(name: bytes) -> bytes:
    """A name with its slashes as they are: some clients write them as \\/."""
    return name.replace(b"\\/", b"/")


def _instruction(body: Body) -> bytes:
    return next((_beginning(body[spelling], _READ) for spelling in _INSTRUCTION if spelling in body), b"")


def _first_user_content(contents: Raw) -> bytes:
    """The bytes of the first content that is the user's, at most the beginning of it.

    `contents` is a list, or a single content where a client left the list out. Contents are read one by one from the
    front, so that what later turns append is never looked at, and cannot change the key.
    """
    text = _beginning(contents, _READ).decode("utf-8", "replace")
    at = 1 if text.startswith("[") else 0
    while True:
        at = _skip(text, at)
        try:
            content, end = _scan(text, at)
        except (ValueError, RecursionError):
            return text[at:].encode()  # larger than what is read, or the end
        if not isinstance(content, dict) or content.get("role") not in _NOT_THE_USERS:
            return text[at:end].encode()
        at = end


def _skip(text: str, at: int) -> int:
    while text[at : at + 1] in (" ", "\t", "\r", "\n", ","):
        at += 1
    return at


def _beginning(value: Raw, length: int) -> bytes:
    return bytes(memoryview(value)[:length])
