"""Secrets at rest: AES-256-GCM under the operator's keys, and the model field that uses it.

A stored value is `v1:<key id>:<base64 of nonce and ciphertext>`. It is bound to its column, so that a value copied
into another column does not decrypt there. The first key encrypts, every key decrypts.
"""

import base64
import binascii
import hashlib
import os
from typing import Any, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.apps import apps
from django.conf import settings
from django.core.exceptions import FieldError, ImproperlyConfigured
from django.db import models
from django.db.models.functions import Cast

NONCE_BYTES = 12  # what GCM is specified for
SALT_BYTES = 32


class Undecryptable(Exception):
    """A stored secret cannot be decrypted with the configured keys. The message never has the value."""


class Unreadable(str):
    """A stored secret that cannot be decrypted with the configured keys: an empty text that is written back as stored.

    `reason` says why, and which key is missing.
    """

    stored: str
    reason: str

    def __new__(cls, stored: str, reason: str) -> Self:
        made = super().__new__(cls, "")
        made.stored, made.reason = stored, reason
        return made

    def __repr__(self) -> str:
        return "<Unreadable>"


def new_key() -> str:
    """A fresh key, as GATEWAY_ENCRYPTION_KEYS wants it."""
    return base64.urlsafe_b64encode(os.urandom(32)).decode()


def encrypt(text: str, context: str) -> str:
    """Encrypt under the first key; `context` names the column. An empty text stays empty."""
    if not text:
        return ""
    key = _keys()[0]
    nonce = os.urandom(NONCE_BYTES)
    sealed = nonce + AESGCM(key).encrypt(nonce, text.encode(), context.encode())
    return f"v1:{_key_id(key)}:{base64.urlsafe_b64encode(sealed).decode()}"


def decrypt(stored: str, context: str) -> str:
    """The text of a stored value. Raises Undecryptable."""
    if not stored:
        return ""
    version, _, remainder = stored.partition(":")
    key_id, _, encoded = remainder.partition(":")
    if version != "v1" or not encoded:
        raise Undecryptable(f"{context} holds something that was not encrypted here.")
    key = next((key for key in _keys() if _key_id(key) == key_id), None)
    if key is None:
        raise Undecryptable(
            f"{context} was encrypted with key {key_id}, which GATEWAY_ENCRYPTION_KEYS does not have. "
            "Put that key back, after the first."
        )
    try:
        sealed = base64.b64decode(encoded, altchars=b"-_", validate=True)
        return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], context.encode()).decode()
    except (InvalidTag, binascii.Error, ValueError) as error:
        raise Undecryptable(f"{context} does not decrypt: the stored value was altered or moved.") from error


class Seal:
    """Encrypts one file piece by piece, under a key of its own, which is derived from the operator's.

    `header` stands at the file's beginning: `v1:<key id>:` and a random salt. A piece is bound to its place in the
    file: one that was altered or moved does not decrypt. Pieces that are missing at the end are not noticed.
    """

    HEADER_BYTES = len("v1:") + 8 + len(":") + SALT_BYTES

    def __init__(self, header: bytes, context: str) -> None:
        """`context` says what kind of file it is. Raises Undecryptable."""
        version, _, remainder = header.partition(b":")
        key = next((key for key in _keys() if _key_id(key).encode() == remainder[:8]), None)
        if version != b"v1" or len(header) != self.HEADER_BYTES or key is None:
            raise Undecryptable(f"A file of {context} was not encrypted with a key of GATEWAY_ENCRYPTION_KEYS.")
        self.header = header
        self._context = context
        self._cipher = AESGCM(HKDF(SHA256(), 32, salt=header[-SALT_BYTES:], info=context.encode()).derive(key))

    @classmethod
    def new(cls, context: str) -> Self:
        """For a new file, under the first key."""
        return cls(f"v1:{_key_id(_keys()[0])}:".encode() + os.urandom(SALT_BYTES), context)

    @property
    def uses_first_key(self) -> bool:
        return uses_first_key(self.header[:-SALT_BYTES].decode())

    def closed(self, number: int, piece: bytes) -> bytes:
        """The file's piece with that number, encrypted. No number may be used for two different pieces."""
        return self._cipher.encrypt(number.to_bytes(NONCE_BYTES), piece, None)

    def opened(self, number: int, sealed: bytes) -> bytes:
        """What was encrypted as the piece with that number. Raises Undecryptable."""
        try:
            return self._cipher.decrypt(number.to_bytes(NONCE_BYTES), sealed, None)
        except (InvalidTag, ValueError) as error:
            raise Undecryptable(f"A file of {self._context} does not decrypt: it was altered.") from error


def uses_first_key(stored: str) -> bool:
    """Whether a stored value needs no rotation."""
    return not stored or stored.startswith(f"v1:{_key_id(_keys()[0])}:")


def _keys() -> list[bytes]:
    keys = [base64.urlsafe_b64decode(key) for key in settings.GATEWAY_ENCRYPTION_KEYS]
    if not keys:
        raise ImproperlyConfigured("GATEWAY_ENCRYPTION_KEYS is empty: no secret can be stored or read.")
    return keys


def _key_id(key: bytes) -> str:
    return hashlib.sha256(b"gemini gateway key id\0" + key).hexdigest()[:8]


class EncryptedTextField(models.TextField):
    """Text in Python, ciphertext in the database. It cannot be searched, only compared with the empty text.

    What cannot be decrypted is `Unreadable`, so that the row can still be loaded and saved.
    """

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        if value is None or hasattr(value, "as_sql"):
            return super().get_db_prep_save(value, connection)
        if isinstance(value, Unreadable):
            return value.stored
        return encrypt(str(value), self.context)

    def get_prep_value(self, value: Any) -> Any:
        """Reached by lookups alone: plain text must not travel to the database in a WHERE."""
        if value:
            raise FieldError(f"{self.context} is encrypted and cannot be searched.")
        return super().get_prep_value(value)

    def get_lookup(self, lookup_name: str) -> Any:
        return super().get_lookup(lookup_name) if lookup_name in ("exact", "isnull") else None

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> str | None:
        if value is None:
            return None
        try:
            return decrypt(value, self.context)
        except Undecryptable as error:
            return Unreadable(value, str(error))

    @property
    def context(self) -> str:
        return f"{self.model._meta.db_table}:{self.column}"


def lost_first(model: type[models.Model], *names: str) -> models.QuerySet[Any]:
    """A model's rows, the newest first, after those with a secret in the fields `names` whose key is not configured.

    Nothing is decrypted.
    """
    rows, lost = model._default_manager.all(), models.Q()
    for name in names:
        stored = f"stored_{name}"
        rows = rows.annotate(**{stored: Cast(name, models.TextField())})
        known = models.Q(**{stored: ""})
        for key in _keys():
            known |= models.Q(**{f"{stored}__startswith": f"v1:{_key_id(key)}:"})
        lost |= ~known
    return rows.order_by(models.Case(models.When(lost, then=0), default=1), "-pk")


def rotate_all() -> int:
    """Encrypt every stored secret under the first key. Returns how many were not yet. Raises Undecryptable."""
    fields = [
        field
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, EncryptedTextField)
    ]
    return sum(_rotate(field) for field in fields)


def _rotate(field: EncryptedTextField) -> int:
    rows = field.model._default_manager.annotate(stored=Cast(field.name, models.TextField()))
    rotated = 0
    # One by one: captured prompts may not fit into memory.
    for pk in list(rows.values_list("pk", flat=True)):
        stored = rows.filter(pk=pk).values_list("stored", flat=True).first() or ""
        if not uses_first_key(stored):
            # Only if unchanged: a token that was renewed meanwhile is under the first key already.
            rotated += rows.filter(pk=pk, stored=stored).update(**{field.name: decrypt(stored, field.context)})
    return rotated
