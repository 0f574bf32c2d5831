"""The remedy for an account that needs attention, decided in one place for all pages."""

import ast
from pathlib import Path

import pytest

from accounts_app.models import Account
from accounts_app.status import remedies
from accounts_app.status.remedies import REMEDIES

ROOT = Path(__file__).resolve().parents[3]
LINK = "https://accounts.google.example/verify"


def test_every_reason_has_a_remedy():
    assert set(REMEDIES) == set(Account.Parked) - {Account.Parked.NO}


def test_a_google_account_is_signed_in_to_again():
    account = Account(pk=7, parked="sign_in")

    found = remedies.action(account)

    assert found is not None
    assert (found.url, found.elsewhere) == ("/admin/accounts_app/account/7/sign-in/", False)


def test_an_api_key_and_the_demo_account_are_not_signed_in_to():
    assert remedies.action(Account(pk=7, kind="gemini_api", parked="sign_in")) is None
    assert remedies.action(Account(pk=7, is_demo=True, parked="sign_in")) is None


@pytest.mark.parametrize(("parked", "name"), [("verify", "Verify at Google"), ("misconfigured", "Fix at Google")])
def test_googles_link_says_what_it_is_for(parked: str, name: str):
    found = remedies.action(Account(pk=7, parked=parked, parked_link=LINK))

    assert found is not None
    assert (str(found.name), found.url, found.elsewhere) == (name, LINK, True)


@pytest.mark.parametrize("link", ["", "javascript:alert(1)"])
def test_what_is_no_web_page_is_no_link(link: str):
    assert remedies.action(Account(pk=7, parked="verify", parked_link=link)) is None


def test_an_account_in_service_needs_nothing():
    assert remedies.action(Account(pk=7, parked_link=LINK)) is None


def test_the_message_is_googles_or_else_the_name_of_the_reason():
    assert remedies.message(Account(parked="verify", parked_message="Verify your account.")) == "Verify your account."
    assert remedies.message(Account(parked="verify")) == "verify the account"


def test_no_other_module_has_a_table_by_these_reasons():
    tables = set()
    for room in ("accounts_app", "proxy_app", "gateway_project"):
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                keys = node.keys if isinstance(node, ast.Dict) else []
                reasons = [key for key in keys if key is not None and ast.unparse(key).startswith("Account.Parked.")]
                if len(reasons) > 1:
                    tables.add(str(path.relative_to(ROOT)))

    assert tables == {"accounts_app/status/remedies.py"}
