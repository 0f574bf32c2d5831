"""Whether what a client has told of its steps (see `clients/keepers.py`) is right."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from typing import Any

LARGE = bytes(range(256)) * (20 * 1024 * 1024 // 256)


def checks_of(outcome: Mapping[str, Any], origin: str) -> dict[str, bool]:
    """For each step whether what was told of it is right; `origin` is where the client finds a file."""
    names, listed, chosen = outcome["names"], outcome.get("listed", []), outcome.get("chosen", "")
    # As the API tells a digest: the base64 of its hexadecimal digits.
    large = [len(LARGE), base64.b64encode(hashlib.sha256(LARGE).hexdigest().encode()).decode()]
    files = {*(name for name in names if name.startswith("files/")), *filter(None, [chosen])}
    return {
        "large": outcome.get("large") == [*large, f"{origin}/v1beta/{''.join(names[2:3])}"],
        "chosen": chosen.startswith("files/m"),
        "both": "two years" in outcome.get("both", ""),
        "vectors": outcome.get("vectors") == [3072, 3072],
        "file": outcome.get("file") == [*names[:1], "ACTIVE"],
        "cached": outcome.get("cached", 0) > 1_024,
        "batch": "The capital of France is Paris." in outcome.get("batch", ""),
        "store": "two years" in outcome.get("store", ""),
        "listed": files <= set(listed) and len(listed) == len(set(listed)),
        "deleted": outcome.get("deleted") == 403,
        "video": outcome.get("video", 0) > 64 * 1024,
    }
