"""An API key's page: what an operator allows it."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from accounts_app import roster
from accounts_app.api_keys import keys
from accounts_app.models import ApiKey
from accounts_app.pool.access.limits import Limit, Limits
from tests.factories import make_api_key

pytestmark = pytest.mark.django_db

ADD = "admin:accounts_app_apikey_add"


@pytest.fixture
def console() -> Client:
    browser = Client(headers={"host": "localhost"})
    browser.force_login(User.objects.create_superuser("olga"))
    return browser


def filled_in(**fields: object) -> dict[str, object]:
    return {"name": "laptop", "enabled": "on", "expires_at_0": "", "expires_at_1": "", **fields}


def errors_in(page: str) -> str:
    return " ".join(re.findall(r'class="[^"]*(?:errorlist|text-red)[^"]*"[^>]*>(.*?)</(?:ul|div|p)>', page, re.DOTALL))


def test_every_limit_is_set_and_in_force(console):
    limits = {limit.value: number for number, limit in enumerate(Limit, 10)}

    page = console.post(reverse(ADD), filled_in(**limits)).content.decode()

    (key,) = set(re.findall(r"gw-[\w-]{43}", page))
    view = roster.load_now().keys[keys.digest(key)]
    assert view.limits == Limits(**limits)


def test_models_and_networks_are_lists_of_lines(console):
    console.post(
        reverse(ADD),
        filled_in(
            allowed_models="models/gemini-2.5-flash\r\n gemini-3* \r\n\r\ngemini-3*",
            allowed_agents="agents/mine\r\ndeep-research-*",
            allowed_networks="192.0.2.0/24\r\n2001:DB8::/32\r\n198.51.100.7",
        ),
    )

    row = ApiKey.objects.get()
    assert row.allowed_models == ["gemini-2.5-flash", "gemini-3*"]
    assert row.allowed_agents == ["mine", "deep-research-*"]
    assert row.allowed_networks == ["192.0.2.0/24", "2001:db8::/32", "198.51.100.7/32"]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"allowed_networks": "the office"}, "not a network"),
        ({"allowed_networks": "192.0.2.1/24"}, "host bits"),
        ({"allowed_models": "gemini 2.5"}, "space"),
        ({"allowed_agents": "deep research"}, "space"),
        ({"allowed_models": "\n".join(f"model-{number}" for number in range(101))}, "At most 100"),
        ({"requests_per_minute": "0"}, "at least 1"),
        ({"tokens_per_day": "-5"}, "greater than or equal to 0"),
        ({"max_concurrency": "many"}, "whole number"),
    ],
)
def test_nonsense_is_refused_and_said_to_be_so(fields, said, console):
    page = console.post(reverse(ADD), filled_in(**fields)).content.decode()

    assert said in page
    assert not ApiKey.objects.exists()


def test_a_limit_is_taken_away_by_leaving_it_empty(console):
    make_api_key("laptop")
    ApiKey.objects.update(requests_per_day=5, allowed_models=["gemini-*"], owner="Alice")
    key = ApiKey.objects.get()

    console.post(reverse("admin:accounts_app_apikey_change", args=[key.pk]), filled_in(owner="Alice"))

    changed = ApiKey.objects.get()
    assert (changed.requests_per_day, changed.allowed_models, changed.owner) == (None, [], "Alice")
    assert changed.digest == key.digest


def test_a_change_reaches_the_roster(console):
    key = make_api_key("laptop")
    roster.load_now()

    console.post(
        reverse("admin:accounts_app_apikey_change", args=[ApiKey.objects.get().pk]), filled_in(requests_per_minute="7")
    )

    assert roster.load_now().keys[keys.digest(key)].limits.requests_per_minute == 7


def test_the_page_says_what_counts(console):
    page = console.get(reverse(ADD)).content.decode()

    for words in ("midnight UTC", "cached ones are part of the prompt", "192.0.2.0/24", "* matches anything"):
        assert words in page
