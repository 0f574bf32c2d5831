"""Which ids still have a row; and no model is looked up by a string."""

import re
from pathlib import Path

import pytest

from accounts_app.models import ApiKey
from accounts_app.storage.existing import Kind, existing
from tests.factories import make_account

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.django_db
def test_ids_without_a_row_are_left_out():
    account = make_account().pk
    key = ApiKey.objects.create(name="laptop", digest="d").pk

    assert existing(Kind.ACCOUNT, [account, account + 1]) == {account}
    assert existing(Kind.API_KEY, [key, key + 1]) == {key}
    assert existing(Kind.ACCOUNT, []) == set()


def test_no_model_is_reached_by_a_string():
    by_string = [
        str(path.relative_to(ROOT))
        for room in ("accounts_app", "proxy_app", "gateway_project")
        for path in (ROOT / room).rglob("*.py")
        if re.search(r"apps\.get_model\(", path.read_text(encoding="utf-8")) and "migrations" not in path.parts
    ]

    assert by_string == []
