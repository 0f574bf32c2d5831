"""Bulk actions: an operator renews tokens and fetches quotas."""

from accounts_app.actions import bulk
from accounts_app.actions.bulk import BulkResult
from accounts_app.models import Account, Credential
from emulator import Emulator
from tests.factories import make_account


def known_to(upstream: Emulator, email: str, **fields: object) -> Account:
    account = make_account(email, **fields)
    upstream.add_account(
        email,
        refresh_token=account.credential.refresh_token,
        access_token=account.credential.access_token,
        project="my-project",
    )
    return account


def test_a_token_is_renewed_though_the_present_one_is_good(upstream: Emulator):
    account = known_to(upstream, "alice@example.com")
    before = account.credential.access_token

    assert bulk.renew_tokens([account.pk]) == [BulkResult("alice@example.com")]
    assert Credential.objects.get().access_token not in ("", before)


def test_each_account_tells_its_own_trouble(upstream: Emulator):
    alice, bob = known_to(upstream, "alice@example.com"), known_to(upstream, "bob@example.com")
    upstream.revoke("bob@example.com")

    first, second = bulk.renew_tokens([alice.pk, bob.pk])

    assert first == BulkResult("alice@example.com")
    assert second.email == "bob@example.com"
    assert "Sign in again" in second.trouble
    assert Account.objects.get(pk=bob.pk).parked == "sign_in"


def test_quotas_are_fetched_and_the_project_found_out(upstream: Emulator):
    account = known_to(upstream, "alice@example.com", project="")

    assert bulk.fetch_quotas([account.pk]) == [BulkResult("alice@example.com")]

    account.refresh_from_db()
    assert account.project == "my-project"
    assert account.quota
    assert account.quota_fetched_at is not None


def test_an_api_key_has_neither_token_nor_quota_to_fetch(upstream: Emulator):
    account = make_account("spare key", kind="gemini_api", refresh_token="", expires_at=None)

    assert bulk.renew_tokens([account.pk]) == [BulkResult("spare key")]
    assert bulk.fetch_quotas([account.pk]) == [BulkResult("spare key")]


def test_an_account_deleted_meanwhile_is_passed_over(upstream: Emulator):
    assert bulk.renew_tokens([404]) == []
