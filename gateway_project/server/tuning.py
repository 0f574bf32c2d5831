"""Settings of the process for a server: garbage collection, thread switches, memory of large bodies, open files."""

import ctypes
import gc
import resource
import sys
from contextlib import suppress

# New objects between two collections of the youngest generation. Calls leave no cycles behind, so that nearly all new
# objects are in use, and a collection visits them for nothing.
YOUNG = 10_000

# How long a thread that has the interpreter (a database thread, say) may keep the event loop waiting, in seconds. With
# Python's own 5 ms, writing one batch of the request log delayed the calls in flight by the whole time that it took.
SWITCH_SECONDS = 0.0005

# Freed blocks of so many bytes or more go back to the system at once. By itself glibc raises this limit, up to 32 MB,
# with the first large block, and then keeps the memory of those that follow.
LARGE_BLOCK = 1024 * 1024
_M_MMAP_THRESHOLD = -3  # malloc.h


def tune() -> None:
    """Called once, when everything is loaded and before the first call: what is loaded is never collected."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, 10, 10)
    sys.setswitchinterval(SWITCH_SECONDS)
    raise_descriptors()
    with suppress(OSError, AttributeError):  # other C libraries do not have it
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, LARGE_BLOCK)


def raise_descriptors() -> None:
    """Lets the process open as many files as it may: a soft limit of 1,024 is for programs that use select(2)."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(OSError, ValueError):  # macOS reports an infinite limit and then refuses it
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
