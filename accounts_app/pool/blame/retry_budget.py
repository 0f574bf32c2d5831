"""How often failed calls may be retried, so that retries do not double the traffic in an outage."""

# Enough for a small pool to find out whose fault a few failures are.
LEAST = 20
EACH_ACCOUNT = 2


class RetryBudget:
    """The retries of one model on one node: two for each account, at least twenty. A success earns one back."""

    __slots__ = ("left", "size")

    def __init__(self, accounts: int = 0) -> None:
        self.size = 0
        self.left = 0
        self.fit(accounts)

    def __repr__(self) -> str:
        return f"<RetryBudget {self.left} of {self.size}>"

    def fit(self, accounts: int) -> None:
        """Follow the number of accounts; what is spent stays spent."""
        size = max(LEAST, EACH_ACCOUNT * accounts)
        self.left = max(0, self.left + size - self.size)
        self.size = size

    def earn(self) -> None:
        """A call was answered."""
        if self.left < self.size:
            self.left += 1

    def spend(self) -> bool:
        """Take a retry. Returns whether there was one left."""
        if self.left <= 0:
            return False
        self.left -= 1
        return True
