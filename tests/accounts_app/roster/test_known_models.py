"""Models that the process knows: those of accounts, routes and catalogues, and names that usage is summed by."""

import pytest

from accounts_app import roster
from accounts_app.models import ModelRoute
from accounts_app.roster import known_models
from tests.factories import make_account

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("forgetful")]


def test_models_of_accounts_and_routes_are_known():
    make_account(quota={"of-a-quota": {}}, allowed_models=["of-an-allow-list", "any-*"])
    ModelRoute.objects.create(pattern="alias", target="google/of-a-route")
    ModelRoute.objects.create(pattern="wild-*", target="of-a-wild-route")
    roster.load_now()

    known = ["of-a-quota", "of-an-allow-list", "alias", "of-a-route", "google/of-a-route", "of-a-wild-route"]
    unknown = ["any-model", "wild-model", "invented"]

    assert [name for name in [*known, *unknown] if known_models.is_known(name)] == known


def test_usage_of_an_unknown_model_is_summed_by_its_route_or_with_all_others():
    ModelRoute.objects.create(pattern="wild-*", target="target")
    assert known_models.named("wild-model") == known_models.OTHERS
    roster.load_now()

    assert known_models.named("wild-model") == "wild-*"
    assert known_models.named("google/target") == "target"
    assert known_models.named("invented") == known_models.OTHERS
    assert known_models.named("") == ""


def test_a_model_that_upstream_answered_for_is_known():
    known_models.learn("google/new", 0.0)

    assert known_models.is_known("new")
