"""A superuser at the console."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.proxy_app.admin.pages import signed_in


@pytest.fixture
def console() -> Client:
    return signed_in(User.objects.create_superuser("olga"))
