"""Which names are a caller's own."""

import pytest

from accounts_app.pool.access.tenants import Tenant

ALICE, BOB, TEAM, STRANGER = Tenant(1, 7), Tenant(2, 7), Tenant(3, 7), Tenant(4)
NO_KEY = Tenant()


@pytest.mark.parametrize(
    ("row", "tenant", "owned"),
    [
        ((1, 7), ALICE, True),
        ((1, 7), BOB, True),
        ((1, 7), STRANGER, False),
        ((1, 7), NO_KEY, False),
        ((1, None), ALICE, True),
        ((1, None), BOB, False),
        ((1, None), NO_KEY, False),
        ((4, None), STRANGER, True),
        ((4, 8), STRANGER, True),
        ((4, None), TEAM, False),
        ((None, None), NO_KEY, True),
        ((None, None), STRANGER, False),
        ((None, None), ALICE, False),
        ((None, 7), NO_KEY, False),
        ((None, 7), ALICE, True),
        ((99, 7), ALICE, True),
        ((99, None), ALICE, False),
    ],
)
def test_a_row_belongs_to_its_key_and_to_its_group(row, tenant, owned):
    assert tenant.owns(*row) is owned
    assert tenant.may_change(*row) is owned


@pytest.mark.parametrize("tenant", [ALICE, STRANGER, NO_KEY])
def test_what_an_operator_shares_is_everybodys_to_use_and_to_change_only_if_that_is_shared_too(tenant):
    assert tenant.owns(99, 98, "use")
    assert not tenant.may_change(99, 98, "use")
    assert tenant.owns(99, 98, "full")
    assert tenant.may_change(99, 98, "full")
    assert not tenant.owns(99, 98, "")


def test_those_who_share_names_are_written_alike():
    assert ALICE.text == BOB.text == "group 7"
    assert (STRANGER.text, NO_KEY.text) == ("key 4", "no key")
