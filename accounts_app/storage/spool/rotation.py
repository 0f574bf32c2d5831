"""Encrypts what the spool of this node has under the first key, while the gateway serves. Blocks."""

import logging
import os
import secrets

from accounts_app.models.encryption import Undecryptable
from accounts_app.storage.spool import folder, sealed_file

log = logging.getLogger(__name__)


def rotate() -> int:
    """Encrypt all kept files under the first of the configured keys; returns how many were not yet.

    An upload that is in flight keeps its key, and is not kept once that is gone. So is a file that cannot be read.
    """
    return sum(map(_rotate, [file for file in folder.files() if file.resource is not None]))


def _rotate(file: folder.File) -> bool:
    new = folder.part(secrets.token_hex(32))
    try:
        if not sealed_file.resealed(file.path, new):
            return False
        os.utime(new, (file.used_at, file.written_at))
        if not file.path.exists():  # deleted meanwhile
            return False
        new.replace(file.path)
    except (OSError, Undecryptable) as error:
        log.warning("A spooled file is not encrypted anew: %s", error)
        return False
    finally:
        new.unlink(missing_ok=True)
    return True
