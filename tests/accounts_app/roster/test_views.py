"""What the views answer by themselves: quotas that reset, networks, and routes."""

import pytest

from accounts_app.roster.views import DEFAULT_RESET_SECONDS, AccountView, CredentialView, KeyView, Route, RouteTable

HUSH = "hush-hush"


def an_account(**fields: object) -> AccountView:
    plain = {
        "id": 1,
        "kind": "cloud_code",
        "email": "alice@example.com",
        "project": "p",
        "tier": "",
        "weight": 2,
        "enabled": True,
        "parked": "",
        "allowed_models": (),
        "max_concurrency": None,
        "priority": 0,
        "quota": {},
        "is_demo": False,
        "standby": False,
        "bases": ("https://one.example",),
        "token_url": "",
        "credential": CredentialView(HUSH, HUSH),
    }
    return AccountView(**{**plain, **fields})


def test_no_secret_shows():
    assert HUSH not in repr(an_account(proxy_url=f"http://a:{HUSH}@proxy:1"))


@pytest.mark.parametrize(
    ("fields", "available"),
    [({}, True), ({"enabled": False}, False), ({"parked": "verify"}, False), ({"standby": True}, False)],
)
def test_an_account_is_available_when_nothing_keeps_it_out(fields, available):
    assert an_account(**fields).available is available


@pytest.mark.parametrize(
    ("entry", "fetched_at", "resets_at"),
    [
        ({"resets_at": "1970-01-01T00:16:40+00:00"}, None, 1000.0),
        ({"resets_at": "soon"}, 50.0, 50.0 + DEFAULT_RESET_SECONDS),
        ({}, 50.0, 50.0 + DEFAULT_RESET_SECONDS),
        ({}, None, None),
    ],
)
def test_a_quota_resets_as_upstream_says_or_a_window_after_it_was_fetched(entry, fetched_at, resets_at):
    assert an_account(quota={"m": entry}, quota_fetched_at=fetched_at).resets_at("m") == resets_at


def test_a_key_may_use_a_model_by_its_name_or_by_the_canonical_one():
    key = KeyView(1, "laptop", True, None, False, allowed_models=("gemini-2.5-*",))

    assert key.may_use("gemini-2.5-pro")
    assert key.may_use("google/gemini-2.5-pro")
    assert not key.may_use("gemini-3-pro")


def test_networks_that_cannot_be_parsed_let_nobody_in():
    assert KeyView(1, "laptop", True, None, False).may_call_from("10.0.0.1")
    assert not KeyView(1, "laptop", True, None, False, allowed_networks=None).may_call_from("10.0.0.1")


def test_a_name_without_a_route_is_its_own_target():
    routes = RouteTable([Route("fast", "gemini-2.5-flash")])

    assert (routes.resolve("fast"), routes.resolve("google/fast"), routes.resolve("slow")) == (
        *("gemini-2.5-flash", "gemini-2.5-flash", "slow"),
    )
    assert routes.find("slow") is None


def test_a_key_may_ask_the_agents_of_its_list():
    key = KeyView(1, "laptop", True, None, False, allowed_models=("gemini-*",), allowed_agents=("deep-research-*",))

    assert key.may_ask("deep-research-preview-04-2026")
    assert not key.may_ask("mine")
    assert KeyView(2, "other", True, None, False, allowed_models=("gemini-*",)).may_ask("mine")
