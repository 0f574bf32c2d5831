"""Which ids still have a row."""

import pytest

from accounts_app.models import ApiKey
from accounts_app.storage.existing import Kind, existing
from tests.factories import make_account


@pytest.mark.django_db
def test_ids_without_a_row_are_left_out():
    account = make_account().pk
    key = ApiKey.objects.create(name="laptop", digest="d").pk

    assert existing(Kind.ACCOUNT, [account, account + 1]) == {account}
    assert existing(Kind.API_KEY, [key, key + 1]) == {key}
    assert existing(Kind.ACCOUNT, []) == set()
