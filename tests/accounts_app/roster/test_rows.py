"""How rows become views."""

import pytest

from accounts_app.models import Account
from accounts_app.models.projects import GROUP_LIMITS, PROJECT_LIMITS
from accounts_app.pool.access.limits import Limit
from accounts_app.roster import rows
from accounts_app.roster.views import AccountView


@pytest.fixture
def account_of(settings):
    """An account as a row of this kind has it."""
    settings.GEMINI_API_URL, settings.CLOUD_CODE_URLS = "https://key.example", ["https://code.example"]

    def make(kind: str) -> AccountView:
        columns = {
            "kind": kind,
            "email": "alice@example.com",
            "project": "p",
            "tier": "",
            "enabled": True,
            "parked": "",
        }
        given = [columns.get(name) if isinstance(name, str) else "" for name in rows.ACCOUNT_COLUMNS]
        return rows.account_view(1, 0.0, *given)

    return make


@pytest.mark.parametrize(
    ("kind", "bases"), [("gemini_api", ("https://key.example",)), ("cloud_code", ("https://code.example",))]
)
def test_an_account_calls_the_upstream_of_its_kind(kind, bases, account_of):
    assert (account_of(kind).bases, account_of(kind).available) == (bases, True)


def test_an_account_of_a_kind_that_a_newer_version_has_is_out_of_service(account_of, caplog):
    account = account_of("newer")

    assert (account.bases, account.token_url) == ((), "")
    assert (account.available, account.parked) == (False, Account.Parked.MISCONFIGURED)
    assert "'newer'" in caplog.text


def test_each_limit_is_that_of_its_column():
    numbers = dict(zip(Limit, range(10, 99), strict=False))
    plain = dict.fromkeys(rows.KEY_COLUMNS, None) | {"name": "laptop"} | numbers

    _, key = rows.key_view(1, 0.0, *(plain[column] for column in rows.KEY_COLUMNS))
    group = rows.group_view(1, 0.0, "red", *range(len(GROUP_LIMITS)))
    project = rows.project_view(1, 0.0, "", "", "", None, *range(len(PROJECT_LIMITS)))

    assert {limit: key.limits.of(limit) for limit in Limit} == numbers
    assert [getattr(group, name) for name in GROUP_LIMITS] == list(range(len(GROUP_LIMITS)))
    assert [getattr(project.limits, name) for name in PROJECT_LIMITS] == list(range(len(PROJECT_LIMITS)))
