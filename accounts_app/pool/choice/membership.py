"""Which accounts support an operation, and which belong to an owner, kept so that a choice need not look at all."""

from collections.abc import Mapping, Set

from accounts_app.pool.choice.eligibility import Candidate

NO_ACCOUNTS: frozenset[int] = frozenset()


class Membership:
    """The sets that accounts belong to, whatever their cooldowns."""

    __slots__ = ("_able", "_exclusive", "_of_owner", "_open", "_owner")

    def __init__(self) -> None:
        self._able: dict[str, set[int]] = {}  # operation -> the accounts that support it
        self._owner: dict[int, int] = {}  # account -> owner
        self._of_owner: dict[int, set[int]] = {}
        self._exclusive: Mapping[int, int] = {}  # owner -> the one group that uses it
        self._open: dict[tuple[int | None, str], Set[int]] = {}  # group, operation -> the accounts that it may use

    def __repr__(self) -> str:
        return f"<Membership {len(self._owner)} accounts of {len(self._of_owner)} owners>"

    def put(self, account: int, candidate: Candidate | None) -> None:
        """Set an account that is new or changed, or (None) gone. An owner without accounts is forgotten."""
        self._open.clear()
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

    def make_exclusive(self, groups: Mapping[int, int]) -> None:
        """Each of these owners is used by one group alone, and the others by all."""
        if groups != self._exclusive:
            self._exclusive = groups
            self._open.clear()

    def among(
        self, accounts: Mapping[int, Candidate], operation: str, owner: int | None, group: int | None
    ) -> Set[int] | None:
        """Which of all `accounts` may be chosen, None for every one; see `Board.among`."""
        if owner is not None:
            owned = self.of_owner(owner)
            return {each for each in owned if accounts[each].can(operation)} if operation else owned
        if self._exclusive:
            return self._open_to(group, operation, accounts)
        if not operation:
            return None
        able = self.able(operation, accounts)
        return None if len(able) == len(accounts) else able

    def able(self, operation: str, accounts: Mapping[int, Candidate]) -> Set[int]:
        """Those of all `accounts` that support the operation."""
        able = self._able.get(operation)
        if able is None:
            able = self._able[operation] = {each for each, account in accounts.items() if account.can(operation)}
        return able

    def _open_to(self, group: int | None, operation: str, accounts: Mapping[int, Candidate]) -> Set[int]:
        """The accounts that a group may use for an operation; kept until an account changes."""
        found = self._open.get((group, operation))
        if found is None:
            closed = {owner for owner, only in self._exclusive.items() if only != group}
            others = {each for owner in closed for each in self.of_owner(owner)}
            able = self.able(operation, accounts) if operation else accounts.keys()
            found = self._open[group, operation] = able - others
        return found
