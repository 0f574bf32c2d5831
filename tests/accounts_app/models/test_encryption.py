"""The encryption of secrets in the database."""

import pytest
from django.core.exceptions import FieldError, ImproperlyConfigured
from django.db import connection
from django.utils import timezone

from accounts_app import roster
from accounts_app.actions import accounts
from accounts_app.models import Account, Credential, Project, UploadSession, encryption
from accounts_app.models.encryption import Undecryptable, Unreadable, decrypt, encrypt, new_key


@pytest.fixture
def credential(db):
    account = Account.objects.create(email="alice@example.com", proxy_url="http://proxy.example")
    return Credential.objects.create(account=account, refresh_token="1//secret")


def stored(column: str = "refresh_token", table: str = "accounts_app_credential") -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM {table}")
        return cursor.fetchone()[0]


def test_what_is_encrypted_decrypts():
    assert decrypt(encrypt("1//sécret", "a:b"), "a:b") == "1//sécret"


def test_the_same_text_is_never_stored_alike():
    assert encrypt("secret", "a:b") != encrypt("secret", "a:b")


def test_nothing_stays_nothing():
    assert encrypt("", "a:b") == ""
    assert decrypt("", "a:b") == ""


def test_a_value_moved_to_another_column_does_not_decrypt():
    with pytest.raises(Undecryptable, match="altered or moved"):
        decrypt(encrypt("secret", "a:b"), "a:c")


@pytest.mark.parametrize("tamper", [lambda s: s[:-6] + "AAAA==", lambda s: s[:-1], lambda s: s + "é"])
def test_an_altered_value_does_not_decrypt(tamper):
    with pytest.raises(Undecryptable):
        decrypt(tamper(encrypt("a rather long secret", "a:b")), "a:b")


def test_plain_text_in_the_database_is_not_taken_for_a_secret():
    with pytest.raises(Undecryptable, match="not encrypted here"):
        decrypt("1//plain-token", "a:b")


def test_a_missing_key_is_named_and_the_value_is_not(settings):
    value = encrypt("hunter2", "a:b")
    key_id = value.split(":")[1]
    settings.GATEWAY_ENCRYPTION_KEYS = [new_key()]

    with pytest.raises(Undecryptable, match=f"key {key_id}.*GATEWAY_ENCRYPTION_KEYS") as caught:
        decrypt(value, "a:b")

    assert value not in str(caught.value)


def test_without_any_key_nothing_is_stored(settings):
    settings.GATEWAY_ENCRYPTION_KEYS = []

    with pytest.raises(ImproperlyConfigured, match="GATEWAY_ENCRYPTION_KEYS is empty"):
        encrypt("secret", "a:b")


def test_the_first_key_encrypts_and_every_key_decrypts(settings):
    old, new = new_key(), new_key()
    settings.GATEWAY_ENCRYPTION_KEYS = [old]
    before = encrypt("secret", "a:b")
    settings.GATEWAY_ENCRYPTION_KEYS = [new, old]
    after = encrypt("secret", "a:b")

    assert decrypt(before, "a:b") == "secret"
    settings.GATEWAY_ENCRYPTION_KEYS = [new]
    assert decrypt(after, "a:b") == "secret"


def test_the_database_holds_no_plain_text(credential):
    assert stored().startswith("v1:")
    assert "secret" not in stored()
    assert Credential.objects.get().refresh_token == "1//secret"


def test_an_update_and_a_bulk_update_encrypt_too(credential):
    Credential.objects.update(refresh_token="1//other")
    assert stored().startswith("v1:")

    credential.refresh_token = "1//third"
    Credential.objects.bulk_update([credential], ["refresh_token"])

    assert stored().startswith("v1:")
    assert Credential.objects.get().refresh_token == "1//third"


def test_a_secret_cannot_be_searched_for(credential):
    with pytest.raises(FieldError, match="cannot be searched"):
        Credential.objects.filter(refresh_token="1//secret").exists()
    with pytest.raises(FieldError):
        Credential.objects.filter(refresh_token__contains="secret").exists()


def test_whether_there_is_a_secret_can_be_asked(credential):
    assert Credential.objects.filter(access_token="").count() == 1
    assert Credential.objects.exclude(refresh_token="").count() == 1


def test_rotation_puts_every_secret_under_the_first_key(settings, credential):
    old, new = settings.GATEWAY_ENCRYPTION_KEYS[0], new_key()
    project = Project.objects.create()
    UploadSession.objects.create(
        project=project, digest="d", upstream_url="https://u.example", expires_at=timezone.now()
    )
    settings.GATEWAY_ENCRYPTION_KEYS = [new, old]

    assert encryption.rotate_all() == 3  # the refresh token, the proxy's URL and an upload's

    settings.GATEWAY_ENCRYPTION_KEYS = [new]
    assert Credential.objects.get().refresh_token == "1//secret"
    assert Account.objects.get().proxy_url == "http://proxy.example"
    assert UploadSession.objects.get().upstream_url == "https://u.example"


def test_a_second_rotation_finds_nothing_to_do(settings, credential):
    settings.GATEWAY_ENCRYPTION_KEYS = [new_key(), *settings.GATEWAY_ENCRYPTION_KEYS]
    encryption.rotate_all()

    assert encryption.rotate_all() == 0


@pytest.mark.usefixtures("forgetful")
class TestALostKey:
    """What it encrypted is lost; everything else goes on working."""

    @pytest.fixture
    def lost(self, settings, credential):
        settings.GATEWAY_ENCRYPTION_KEYS = [new_key()]
        return credential.account

    def test_is_a_value_that_is_written_back_as_it_was(self, lost):
        before = stored()
        row = Credential.objects.get()

        row.save()

        assert (row.refresh_token, stored()) == ("", before)
        assert isinstance(row.refresh_token, Unreadable)
        assert "GATEWAY_ENCRYPTION_KEYS" in row.refresh_token.reason

    def test_the_same_account_is_connected_anew(self, lost):
        Account.objects.update(proxy_url="")
        connected = accounts.connect(accounts.NewAccount(email=lost.email, refresh_token="1//newer"))

        assert (connected.account_id, connected.is_new) == (lost.pk, False)
        assert Credential.objects.get().refresh_token == "1//newer"
        assert roster.load_now().accounts[lost.pk].available

    def test_a_new_token_is_typed_in(self, lost):
        accounts.replace_tokens(lost.pk, refresh_token="1//newer")

        assert Credential.objects.get().refresh_token == "1//newer"

    def test_others_are_connected_and_exported_and_it_is_named(self, lost):
        accounts.connect(accounts.NewAccount(email="bob@example.com", refresh_token="1//bob"))

        assert list(accounts.exported()) == [{"email": "bob@example.com", "refresh_token": "1//bob"}]
        assert accounts.unreadable() == [lost.email]
        assert list(accounts.known_secrets().values()) == ["bob@example.com"]

    def test_the_account_is_out_of_service_meanwhile(self, lost):
        assert roster.load_now().accounts[lost.pk].parked == "misconfigured"


def test_rotation_without_the_old_key_changes_nothing(settings, credential):
    before = stored()
    settings.GATEWAY_ENCRYPTION_KEYS = [new_key()]

    with pytest.raises(Undecryptable):
        encryption.rotate_all()

    assert stored() == before
