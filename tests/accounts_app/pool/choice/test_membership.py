"""Which accounts support an operation and which belong to an owner, kept up to date account by account."""

from dataclasses import dataclass

from accounts_app.pool.choice.membership import Membership
from tests.accounts_app.pool.choice.test_board import Someone


@dataclass(frozen=True, slots=True)
class Able(Someone):
    operations: tuple[str, ...] = ()

    def can(self, operation: str) -> bool:
        return operation in self.operations


def test_an_account_is_with_its_owner_until_it_goes():
    membership = Membership()
    for account, owner in ((1, 7), (2, 7), (3, 8)):
        membership.put(account, Able(owner=owner))

    assert (membership.of_owner(7), membership.of_owner(8), membership.of_owner(9)) == ({1, 2}, {3}, set())
    membership.put(2, Able(owner=8))
    membership.put(3, None)

    assert (membership.of_owner(7), membership.of_owner(8)) == ({1}, {2})
    assert (membership.owner_of(2), membership.owner_of(3)) == (8, None)
    assert repr(membership) == "<Membership 2 accounts of 2 owners>"


def test_an_owner_without_accounts_is_forgotten():
    membership = Membership()
    membership.put(1, Able(owner=7))

    membership.put(1, None)

    assert repr(membership) == "<Membership 0 accounts of 0 owners>"


def test_who_supports_an_operation_follows_what_changes():
    accounts = {1: Able(operations=("upload",)), 2: Able()}
    membership = Membership()
    assert membership.able("upload", accounts) == {1}

    membership.put(1, Able())
    membership.put(2, Able(operations=("upload",)))
    membership.put(3, Able(operations=("upload",)))
    membership.put(3, None)

    assert membership.able("upload", accounts) == {2}
