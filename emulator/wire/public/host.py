"""What Google's host tells of itself: a description of the API, and the keys that sign messages to webhooks."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from hashlib import shake_256

from emulator.wire.errors import ErrorBody
from emulator.wire.replies import Json

_VERSIONS = ("v1", "v1beta", "v1alpha")
# HTTP method, path and the name in it of some methods: enough for a client that is made from the description.
_DESCRIBED = {
    "list": ("GET", "models", ""),
    "get": ("GET", "{+name}", "name"),
    "generateContent": ("POST", "{+model}:generateContent", "model"),
    "countTokens": ("POST", "{+model}:countTokens", "model"),
}


def description(version: str, root: str) -> Json | ErrorBody:
    """Of one version of the API, which is found at `root`."""
    if version not in _VERSIONS:
        return ErrorBody(404, f"Discovery document not found: generativelanguage {version}")
    return {
        "kind": "discovery#restDescription",
        "discoveryVersion": "v1",
        "id": f"generativelanguage:{version}",
        "name": "generativelanguage",
        "version": version,
        "title": "Gemini API",
        "protocol": "rest",
        "rootUrl": root,
        "baseUrl": root,
        "servicePath": "",
        "batchPath": "batch",
        "parameters": {"key": {"type": "string", "location": "query"}},
        "schemas": {},
        "resources": {"models": {"methods": {name: _method(name, version, *row) for name, row in _DESCRIBED.items()}}},
    }


def keys() -> Json:
    """Public keys; nobody has the private ones."""
    modulus = bytearray(shake_256(b"the emulator's webhooks").digest(256))
    modulus[0] |= 0x80
    modulus[-1] |= 1
    number = urlsafe_b64encode(modulus).decode().rstrip("=")
    return {"keys": [{"kty": "RSA", "alg": "RS256", "use": "sig", "kid": "emulator", "n": number, "e": "AQAB"}]}


def _method(name: str, version: str, http: str, path: str, named: str) -> Json:
    return {
        "id": f"generativelanguage.models.{name}",
        "httpMethod": http,
        "path": f"{version}/{path}",
        "parameters": {named: {"type": "string", "location": "path", "required": True}} if named else {},
        "parameterOrder": [named] if named else [],
    }
