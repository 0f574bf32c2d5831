"""Which accounts support an operation, and which belong to an owner, kept so that a choice need not look at all."""

from collections.abc import Mapping, Set

from accounts_app.pool.choice.eligibility import Candidate

NO_ACCOUNTS: frozenset[int] = frozenset()


class Membership:
    """The sets that accounts belong to, whatever their cooldowns."""

    __slots__ = ("_able", "_of_owner", "_owner")

    def __init__(self) -> None:
        self._able: dict[str, set[int]] = {}  # operation -> the accounts that support it
        self._owner: dict[int, int] = {}  # account -> owner
        self._of_owner: dict[int, set[int]] = {}

    def __repr__(self) -> str:
        return f"<Membership {len(self._owner)} accounts of {len(self._of_owner)} owners>"

    def put(self, account: int, candidate: Candidate | None) -> None:
        """Set an account that is new or changed, or (None) gone. An owner without accounts is forgotten."""
        for operation, able in self._able.items():
            if candidate is not None and candidate.can(operation):
                able.add(account)
            else:
                able.discard(account)
        before = self._owner.pop(account, None)
        if before is not None:
            self._of_owner[before].discard(account)
            if not self._of_owner[before]:
                del self._of_owner[before]
        if candidate is not None:
            self._owner[account] = candidate.owner
            self._of_owner.setdefault(candidate.owner, set()).add(account)

    def of_owner(self, owner: int) -> Set[int]:
        """The accounts of this owner."""
        return self._of_owner.get(owner, NO_ACCOUNTS)

    def sharing(self, account: int) -> Set[int]:
        """The accounts of its project, where one is known; else the account alone."""
        owner = self._owner.get(account, 0)
        return self._of_owner[owner] if owner > 0 else {account}

    def owner_of(self, account: int) -> int | None:
        """The owner of an account; None if there is no such account."""
        return self._owner.get(account)

    def able(self, operation: str, accounts: Mapping[int, Candidate]) -> Set[int]:
        """Those of all `accounts` that support the operation."""
        able = self._able.get(operation)
        if able is None:
            able = self._able[operation] = {each for each, account in accounts.items() if account.can(operation)}
        return able
