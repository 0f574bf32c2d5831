"""What operators do to accounts, from the console or a command."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts_app.actions import accounts
from accounts_app.actions.accounts import NewAccount, Unusable
from accounts_app.models import Account, Credential, Project, Resource, Rest
from accounts_app.status import account_state
from tests.factories import make_account

pytestmark = pytest.mark.django_db


def alice(**fields: object) -> NewAccount:
    return NewAccount(**{"email": "alice@example.com", "refresh_token": "1//alice", **fields})


def state_of(account: Account) -> tuple[str, str]:
    state = account_state.state_of(account_state.with_cooldowns(Account.objects.filter(pk=account.pk)).get())
    return state.tone, str(state.words)


def a_cooldown(account: Account, model: str = "gemini-2.5-pro", minutes: int = 25) -> Rest:
    until = timezone.now() + timedelta(minutes=minutes)
    return Rest.objects.create(account=account, model=model, until=until, streak=3)


def test_a_new_account_is_connected_with_its_tokens():
    connected = accounts.connect(alice(project="my-project"))

    account = Account.objects.get()
    assert (connected.account_id, connected.is_new) == (account.pk, True)
    assert (account.kind, account.email, account.project) == ("cloud_code", "alice@example.com", "my-project")
    assert account.credential.refresh_token == "1//alice"
    assert account.credential.expires_at is None


def test_an_access_token_without_its_expiry_is_given_an_hour():
    accounts.connect(alice(access_token="ya29.alice"))

    left = Credential.objects.get().expires_at - timezone.now()
    assert timedelta(minutes=59) < left <= timedelta(hours=1)


def test_a_gemini_api_key_never_expires():
    accounts.connect(NewAccount("gemini_api", "spare key", api_key="AIzaSyExample"))

    credential = Credential.objects.get()
    assert (credential.access_token, credential.expires_at) == ("AIzaSyExample", None)


def test_connecting_again_takes_an_account_back_into_service():
    before = accounts.connect(alice(project="my-project"))
    accounts.take_out([before.account_id], "sign_in", "Sign in again.")
    Account.objects.update(enabled=False, priority=5)

    after = accounts.connect(alice(refresh_token="1//newer"))

    account = Account.objects.get()
    assert (after.account_id, after.is_new) == (before.account_id, False)
    assert (account.enabled, account.parked, account.parked_message) == (True, "", "")
    assert (account.project, account.priority) == ("my-project", 5)
    assert account.credential.refresh_token == "1//newer"


@pytest.mark.parametrize(
    "new",
    [
        alice(email="alice"),
        alice(email=""),
        alice(refresh_token=""),
        alice(refresh_token="two words"),
        alice(access_token="line\nbreak"),
        alice(project="123456789"),
        alice(project="My Project"),
        NewAccount("gemini_api", "", api_key="AIzaSyExample"),
        NewAccount("gemini_api", "label", api_key=""),
    ],
)
def test_nonsense_is_not_connected(new):
    with pytest.raises(Unusable) as caught:
        accounts.connect(new)

    assert "1//" not in str(caught.value)
    assert not Account.objects.exists()


@pytest.mark.parametrize(
    ("new", "complaint"),
    [
        (alice(refresh_token="AIzaSyExample1234"), "This is a Gemini API key"),
        (alice(refresh_token="AQ.Ab8RN6Kx9zQ1w2E3"), "This is a Gemini API key"),
        (alice(refresh_token="ya29.a0AfB_byC123456"), "This is an access token"),
        (alice(access_token="1//0gTok-en_1234"), "This is a refresh token"),
        (alice(access_token="AQ.Ab8RN6Kx9zQ1w2E3"), "This is a Gemini API key"),
        (NewAccount("gemini_api", "label", api_key="1//0gTok-en_1234"), "This is a Google account's token"),
        (NewAccount("gemini_api", "label", api_key="ya29.a0AfB_byC123456"), "This is a Google account's token"),
        (NewAccount("gemini_api", "AIzaSyExample1234", api_key="AIzaSyExample1234"), "The name holds a secret"),
        (alice(email="AQ.Ab8RN6Kx9zQ1w2E3"), "The name holds a secret"),
    ],
)
def test_what_was_pasted_into_the_wrong_field_is_refused_without_being_shown(new, complaint):
    with pytest.raises(Unusable, match=complaint) as caught:
        accounts.connect(new)

    secrets = {new.email, new.refresh_token, new.access_token, new.api_key}
    assert not [secret for secret in secrets if len(secret) > 12 and "@" not in secret and secret in str(caught.value)]
    assert not Account.objects.exists()


@pytest.mark.parametrize(
    ("kind", "tokens"),
    [
        ("cloud_code", {"refresh_token": "AIzaSyExample1234"}),
        ("cloud_code", {"refresh_token": "ya29.a0AfB_byC123456"}),
        ("gemini_api", {"access_token": "1//0gTok-en_1234"}),
    ],
)
def test_a_stored_secret_is_not_replaced_by_one_of_another_kind(kind, tokens):
    account = make_account(kind=kind)

    with pytest.raises(Unusable):
        accounts.replace_tokens(account.pk, **tokens)

    account.credential.refresh_from_db()
    assert account.credential.refresh_token == "refresh-alice@example.com"


def test_a_new_account_does_not_print_its_secrets():
    assert "1//alice" not in repr(alice(access_token="ya29.1//alice"))


def test_an_account_that_needs_attention_says_why_until_it_is_re_enabled():
    account = make_account()
    a_cooldown(account)

    assert accounts.take_out([account.pk], "verify", "Verify your account.", "https://example.com/verify") == 1
    assert state_of(account) == ("danger", "needs attention: verify the account")

    assert accounts.re_enable([account.pk]) == 1
    assert state_of(account) == ("success", "ready")
    assert Rest.objects.get().until is None


def test_an_account_taken_out_twice_keeps_the_first_time():
    account = make_account()
    accounts.take_out([account.pk], "terms")
    first = Account.objects.get().parked_at

    assert accounts.take_out([account.pk], "terms") == 0
    assert Account.objects.get().parked_at == first


@pytest.mark.parametrize(
    ("models", "words"),
    [
        (["gemini-2.5-pro"], "cooling down for 1 model"),
        (["gemini-2.5-pro", "gemini-2.5-flash"], "cooling down for 2 models"),
        (["gemini-2.5-pro", ""], "cooling down, 25 min left"),
    ],
)
def test_an_account_that_cools_down_says_for_what(models, words):
    account = make_account()
    for model in models:
        a_cooldown(account, model)

    assert state_of(account) == ("warning", words)


def test_cleared_cooldowns_stay_as_rows_and_count_no_more():
    account = make_account()
    a_cooldown(account)
    a_cooldown(account, "gemini-2.5-flash", minutes=-5)

    assert accounts.clear_cooldowns_of([account.pk]) == 1
    assert accounts.clear_cooldowns_of([account.pk]) == 0
    assert Rest.objects.filter(until=None, streak=0).count() == 1
    assert state_of(account) == ("success", "ready")


def test_a_disabled_account_says_so():
    assert state_of(make_account(enabled=False)) == ("info", "disabled")


def test_states_of_many_accounts_take_two_queries(django_assert_num_queries):
    for name in "abcde":
        a_cooldown(make_account(f"{name}@example.com"))

    with django_assert_num_queries(2):
        assert [account_state.state_of(account).tone for account in account_state.with_cooldowns(Account.objects.all())]


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(seconds=-3), "0 s"),
        (timedelta(seconds=40), "40 s"),
        (timedelta(minutes=12, seconds=20), "12 min"),
        (timedelta(hours=3, minutes=5), "3 h 5 min"),
        (timedelta(hours=24), "24 h"),
        (timedelta(days=2, hours=4), "2 d 4 h"),
    ],
)
def test_spans_are_said_as_people_say_them(span, words):
    assert account_state.spoken(span) == words


def test_a_new_refresh_token_makes_the_old_access_token_void():
    account = make_account()

    accounts.replace_tokens(account.pk, refresh_token="1//newer")

    credential = Credential.objects.get()
    assert (credential.refresh_token, credential.access_token, credential.expires_at) == ("1//newer", "", None)


def test_tokens_left_empty_are_kept():
    account = make_account(refresh_token="1//alice")

    accounts.replace_tokens(account.pk)

    assert Credential.objects.get().refresh_token == "1//alice"


def test_the_demo_account_comes_only_where_there_is_no_other():
    assert accounts.ensure_demo()
    assert not accounts.ensure_demo()
    assert accounts.only_the_demo_answers()

    make_account()
    assert not accounts.only_the_demo_answers()

    Account.objects.filter(is_demo=True).delete()
    assert not accounts.ensure_demo()


def test_a_deployment_with_an_older_demo_account_gets_that_of_the_other_kind():
    older = make_account("demo account", is_demo=True)

    assert accounts.ensure_demo()
    assert not accounts.ensure_demo()
    assert Account.objects.get(kind="cloud_code") == older
    assert {account.kind for account in Account.objects.all()} == {"cloud_code", "gemini_api"}
    assert accounts.only_the_demo_answers()


def test_what_was_made_through_a_demo_account_is_forgotten_as_its_emulator_forgets_it():
    accounts.ensure_demo()
    demo = Account.objects.get(is_demo=True, kind="gemini_api")
    project = Project.objects.create()
    Resource.objects.create(project=project, kind="files", name="files/a", account=demo)
    Resource.objects.create(project=project, kind="files", name="files/b", account=make_account())

    accounts.ensure_demo()

    assert [row.name for row in Resource.objects.all()] == ["files/b"]


def test_an_export_leaves_the_demo_account_out():
    accounts.ensure_demo()
    accounts.connect(alice())
    accounts.connect(NewAccount("gemini_api", "spare key", api_key="AIzaSyExample"))

    assert list(accounts.exported()) == [
        {"email": "alice@example.com", "refresh_token": "1//alice"},
        {"kind": "gemini_api", "email": "spare key", "api_key": "AIzaSyExample"},
    ]
