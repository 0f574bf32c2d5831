"""Python itself, told what a server knows: what was there at the start stays, the event loop comes first, large bodies
leave nothing behind, and every call holds two connections.
"""

import ctypes
import gc
import resource
import sys
from contextlib import suppress

# New objects between two looks at the young ones. Calls leave no cycles behind, so what is new is nearly all in use,
# and each look goes over all of it for nothing.
YOUNG = 10_000

# How long a thread that is given the interpreter (the database's, say) may keep the event loop waiting for it, in
# seconds. With Python's own 5 ms one batch of ledger rows held up the calls under way by its whole length.
SWITCH_SECONDS = 0.0005

# Blocks of this many bytes and more are the system's again as soon as they are free. Left to itself, glibc raises this
# to 32 MB with the first large block, and then keeps the holes of all that follow.
LARGE_BLOCK = 1024 * 1024
_M_MMAP_THRESHOLD = -3  # malloc.h


def tune() -> None:
    """To be called once everything is in place, before the first call."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, 10, 10)
    sys.setswitchinterval(SWITCH_SECONDS)
    raise_descriptors()
    with suppress(OSError, AttributeError):  # other C libraries know no such thing
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, LARGE_BLOCK)


def raise_descriptors() -> None:
    """Lets the process open as many files as it may: a soft limit of 1,024 is for programs that use select(2)."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(OSError, ValueError):  # macOS calls its limit infinite and then takes no such number
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
