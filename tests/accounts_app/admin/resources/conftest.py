"""A console, and resources of two groups in two projects."""

from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone

from accounts_app.models import Account, ApiKey, KeyGroup, Project, Resource
from tests.factories import make_account, make_api_key


def signed_in(user: User) -> Client:
    browser = Client(headers={"host": "localhost"})
    browser.force_login(user)
    return browser


@pytest.fixture
def console(db) -> Client:
    return signed_in(User.objects.create_superuser("olga"))


@pytest.fixture
def clerk(db) -> Client:
    """May look at everything here, and change nothing."""
    user = User.objects.create_user("clerk", is_staff=True)
    user.user_permissions.set(
        Permission.objects.filter(
            codename__in=[f"view_{name}" for name in ("resource", "keygroup", "project", "apikey")]
        )
    )
    return signed_in(user)


@dataclass
class Made:
    """`red` has a file, a cache and a running batch in project `one`; `blue` a store in `two` with its one account."""

    red: KeyGroup
    blue: KeyGroup
    one: Project
    two: Project
    laptop: ApiKey
    phone: ApiKey
    last: Account

    def row(self, name: str) -> Resource:
        return Resource.objects.get(name=name)


@pytest.fixture
def made(db) -> Made:
    red, blue = KeyGroup.objects.create(name="red", max_files=5), KeyGroup.objects.create(name="blue")
    one, two = Project.objects.create(number="1111"), Project.objects.create(project_id="shop-prod")
    first, _, last = (
        make_account(name, kind="gemini_api", owner_project=project)
        for name, project in (("a", one), ("b", one), ("c", two))
    )
    for name in ("laptop", "phone"):
        make_api_key(name)
    ApiKey.objects.filter(name="laptop").update(group=red)
    ApiKey.objects.filter(name="phone").update(group=blue)
    laptop, phone = (ApiKey.objects.get(name=name) for name in ("laptop", "phone"))
    soon = timezone.now() + timedelta(hours=2)
    red_ones = {"project": one, "group": red, "api_key": laptop, "account": first}
    Resource.objects.create(kind="files", name="files/a", size_bytes=2_000_000, expires_at=soon, **red_ones)
    Resource.objects.create(kind="cachedContents", name="cachedContents/c", expires_at=soon, **red_ones)
    Resource.objects.create(kind="batches", name="batches/b", state="BATCH_STATE_RUNNING", **red_ones)
    Resource.objects.create(
        kind="fileSearchStores", name="fileSearchStores/s", project=two, group=blue, api_key=phone, account=last
    )
    return Made(red, blue, one, two, laptop, phone, last)
