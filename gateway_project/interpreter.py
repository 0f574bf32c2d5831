"""Python itself, told what a server knows: what was there at the start stays, and the event loop comes first."""

import gc
import sys

# New objects between two looks at the young ones. Calls leave no cycles behind, so what is new is nearly all in use,
# and each look goes over all of it for nothing.
YOUNG = 10_000

# How long a thread that is given the interpreter (the database's, say) may keep the event loop waiting for it, in
# seconds. With Python's own 5 ms one batch of ledger rows held up the calls under way by its whole length.
SWITCH_SECONDS = 0.0005


def tune() -> None:
    """From now on only what is made from now on is looked at: a quarter of a call's cost, measured."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, 10, 10)
    sys.setswitchinterval(SWITCH_SECONDS)
