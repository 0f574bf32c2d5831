"""Accounts in lines of text: secrets by their shape, names beside or before them, and lines that hold neither."""

import pytest

from accounts_app.actions.import_lines import accounts_in

TOKEN = "1//0" + "gTokenOfAlice" * 4
KEY = "AIza" + "Sy0123456789abcdefghijklmnopqrstuvw"[:35]


def found(text: str) -> list[tuple[int, str, str] | int]:
    """Line, name and secret of each account; the number alone of a line that should hold one."""
    return [
        number if new is None else (number, new.email, new.refresh_token or new.api_key)
        for number, new in accounts_in(text.split("\n"))
    ]


@pytest.mark.parametrize(
    ("text", "accounts"),
    [
        (TOKEN, [(1, "", TOKEN)]),
        (f"Alice@Example.com,{TOKEN}", [(1, "alice@example.com", TOKEN)]),
        (f"GEMINI_API_KEY={KEY}", [(1, "", KEY)]),
        (f"export KEY={KEY}  # mine", [(1, "", KEY)]),
        (f"- email: alice@example.com\n  refresh_token: {TOKEN}", [(2, "alice@example.com", TOKEN)]),
        (f"email,refresh_token\nalice@example.com,{TOKEN}", [(2, "alice@example.com", TOKEN)]),
        (f"# {TOKEN}\n\n[accounts]\n{TOKEN}", [(4, "", TOKEN)]),
        (f"{TOKEN} {KEY}", [(1, "", TOKEN), (1, "", KEY)]),
    ],
)
def test_each_secret_is_an_account(text, accounts):
    assert found(text) == accounts


@pytest.mark.parametrize("text", ["", "# nothing", "{", "project: my-project", "https://console.example"])
def test_what_is_no_account_is_passed_over(text):
    assert [each for each in found(text) if not isinstance(each, int)] == []


def test_a_line_that_should_hold_one_is_reported():
    assert found("refresh_token: " + "x" * 40) == [1]
