"""Addresses of files and of uploads: which of them name a file, and how they read for the client and for upstream.

What a client gets leads back to the gateway; what upstream gets are its own canonical addresses. Credentials of the
pool stand in neither.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, unquote, urlencode

import msgspec

GOOGLE = "generativelanguage.googleapis.com"

# Never handed back in an address: the account's key stands in some that upstream tells.
CREDENTIALS = ("key", "access_token", "oauth_token")

_FILE = re.compile(r"(?:(?i:https?)://(?P<host>[^/?#\s]+)(?:/[^?#\s]*?)?/)?files/(?P<id>[^/?#:\s]+)(?:[/?#:]\S*)?")
_GOOGLES = re.compile(r"(?:[\w-]+-)?generativelanguage(?:\.\w+)?\.googleapis\.com")
_FIELDS = rb'"(?:ur[il]|fileUri|file_uri|downloadUri|download_uri)"\s*:\s*'
_WRITTEN = re.compile(rb"(" + _FIELDS + rb')("(?:[^"\\]|\\.)*")')
_OF_THE_API = re.compile(rb'("(?:rootUrl|baseUrl|mtlsRootUrl)"\s*:\s*")https?://[^/"]+')
_TOLD = re.compile(r"https?://([^/?#]+)(?:/[^?#]*?)?(/v1\w*/files/[^?#]*)(\?[^#]*)?")

_decode = msgspec.json.Decoder(str).decode
_encode = msgspec.json.Encoder().encode


def file_in(uri: str, hosts: Collection[str] | None = None) -> str:
    """The file (`files/x`) that `uri` names, as an address or bare; "" for none.

    Where `hosts` is given (lower case, with a port if it is not the usual one), only addresses there and at Google's
    own host count.
    """
    found = _FILE.fullmatch(uri.strip()) if "files/" in uri else None
    if found is None:
        return ""
    if hosts is not None and found["host"] and not _counts(found["host"], hosts):
        return ""
    return f"files/{unquote(found['id'])}"


def canonical(file: str) -> str:
    """Google's own address of a file (`files/x`)."""
    return f"https://{GOOGLE}/v1beta/{quote(file)}"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a client finds the gateway: `base` is scheme, host and path prefix, without a slash at the end.

    `by_google_sdk`: the client is one of Google's own SDKs. `upstreams` are the hosts of upstreams beside Google's.
    """

    base: str
    by_google_sdk: bool = False
    upstreams: Collection[str] = ()

    @property
    def rewrites_files(self) -> bool:
        """Whether addresses of files lead to the gateway: Google's SDKs know files by addresses with https only."""
        return self.base.startswith("https://") or not self.by_google_sdk

    def answer(self, frame: bytes) -> bytes:
        """An answer as the client gets it: the addresses of files in it lead to the gateway, at least without keys, and
        so do those of the API itself in its description.
        """
        if b'"rootUrl"' in frame:
            frame = _OF_THE_API.sub(lambda found: found[1] + self.base.encode(), frame)
        if b"files/" not in frame:
            return frame
        return _WRITTEN.sub(self._address, frame)

    def file(self, uri: str) -> str:
        """The address of an upstream's file as the client gets it; any other address as it is."""
        found = _TOLD.fullmatch(uri)
        if found is None or not _counts(found[1], self.upstreams):
            return uri
        query = _without_credentials(found[3] or "")
        return f"{self.base}{found[2]}{query}" if self.rewrites_files else f"{uri[: found.end(2)]}{query}"

    def upload(self, url: str) -> str:
        """The address of an upload session, in upstream's own form of path and query. Raises ValueError for another."""
        before, found, after = url.partition("/upload/")
        if not found or "://" not in before:
            raise ValueError("not the address of an upload")
        path, _, query = after.partition("?")
        return f"{self.base}/upload/{path}{_without_credentials(query and f'?{query}')}"

    def _address(self, found: re.Match[bytes]) -> bytes:
        uri = _text(found[2])
        new = self.file(uri)
        return found[0] if new == uri else found[1] + _encode(new)


def upload_id(query: str) -> str:
    """The id of the upload session in the query of an address; "" for none."""
    return next((value for name, value in parse_qsl(query) if name == "upload_id"), "")


def _counts(host: str, hosts: Collection[str]) -> bool:
    """Whether a host, as it is written in an address, is one of `hosts` or Google's own."""
    host = host.rpartition("@")[2].lower().removesuffix(":443").removesuffix(".")
    return host in hosts or _GOOGLES.fullmatch(host) is not None


def _without_credentials(query: str) -> str:
    """A query with its question mark, or ""; untouched where it holds no credential."""
    if not any(f"{name}=" in query for name in CREDENTIALS):
        return query
    kept = [pair for pair in parse_qsl(query[1:], keep_blank_values=True) if pair[0] not in CREDENTIALS]
    return f"?{urlencode(kept)}" if kept else ""


def _text(written: bytes) -> str:
    """A JSON string, as far as it can be read."""
    try:
        return _decode(written)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""
