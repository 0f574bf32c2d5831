"""Which accounts support an operation and which belong to an owner, kept up to date account by account."""

from collections.abc import Set
from dataclasses import dataclass

import pytest

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


def test_a_cooldown_of_a_project_is_for_all_its_accounts():
    membership = Membership()
    for account, owner in ((1, 7), (2, 7), (3, -3), (4, 0)):
        membership.put(account, Able(owner=owner))

    assert [membership.sharing(account) for account in (1, 2, 3, 4, 5)] == [{1, 2}, {1, 2}, {3}, {4}, {5}]


@pytest.mark.parametrize("only", [{}, {5: 77, 6: 78}], ids=["shared", "exclusive"])
def test_whom_a_call_may_go_to_depends_on_its_operation_its_owner_and_its_group(only):
    accounts = {
        1: Able(owner=5, operations=("upload",)),
        2: Able(owner=5),
        3: Able(owner=6, operations=("upload",)),
        4: Able(owner=-4, operations=("upload",)),
    }
    membership = Membership()
    for account, candidate in accounts.items():
        membership.put(account, candidate)
    membership.make_exclusive(only)

    def among(operation: str, owner: int | None = None, group: int | None = None) -> Set[int] | None:
        return membership.among(accounts, operation, owner, group)

    assert (among("", 5), among("upload", 5), among("upload", 9)) == ({1, 2}, {1}, set())
    if only:
        assert (among(""), among("", group=77), among("", group=78)) == ({4}, {1, 2, 4}, {3, 4})
        assert (among("upload"), among("upload", group=77)) == ({4}, {1, 4})
    else:
        assert (among(""), among("", group=77)) == (None, None)
        assert (among("upload"), among("upload", group=77)) == ({1, 3, 4}, {1, 3, 4})


def test_an_operation_that_all_support_leaves_every_account():
    accounts = {1: Able(operations=("upload",)), 2: Able(operations=("upload",))}

    assert Membership().among(accounts, "upload", None, None) is None
