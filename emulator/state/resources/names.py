"""The names Google gives: random ids in base 36, some behind a slug of what the client calls the thing."""

from __future__ import annotations

import re
import secrets
import string

_BASE36 = string.digits + string.ascii_lowercase
_LONGEST_SLUG = 27


def random_id(length: int) -> str:
    return "".join(secrets.choice(_BASE36) for _ in range(length))


def slugged(display_name: str) -> str:
    """`My Notes` is `my-notes-1x2y3z4a5b6c`; without a name it is all random."""
    slug = re.sub(r"[^a-z0-9]+", "-", display_name.lower()).strip("-")[:_LONGEST_SLUG].strip("-")
    return f"{slug}-{random_id(12)}" if slug else random_id(24)
