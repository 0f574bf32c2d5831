"""Python's cycle collector, told what a server knows: what was there at the start stays until the end."""

import gc

# New objects between two looks at the young ones. Python's own 700 is less than one call makes while hundreds are under
# way, and each look goes over all of theirs. The cycles of about a hundred calls may wait to be found.
YOUNG = 10_000


def relax() -> None:
    """From now on only what is made from now on is looked at: a quarter of a call's cost, measured."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, 10, 10)
