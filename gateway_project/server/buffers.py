"""The memory that bodies of requests may take together."""


class Buffers:
    """Room for `most` bytes."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.taken = 0

    def take(self, size: int) -> bool:
        """False, and nothing is taken, where there is no room for `size` more bytes."""
        if self.taken + size > self.most:
            return False
        self.taken += size
        return True

    def give_back(self, size: int) -> None:
        self.taken -= size
