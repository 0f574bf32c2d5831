"""The spool: small files of clients, kept on this node's disk for two days, so that any account can serve them.

Bytes are taken in as an upload passes by, encrypted, and kept once upstream has told the same size and hash. The files
of a node are within GATEWAY_SPOOL_MB together: the one used longest ago makes room. A spool that cannot be written
keeps nothing, and never fails an upload.
"""

from accounts_app.storage.spool.reading import forget, holds, read, sweep
from accounts_app.storage.spool.rotation import rotate
from accounts_app.storage.spool.tee import Tee

__all__ = ["Tee", "forget", "holds", "read", "rotate", "sweep"]
