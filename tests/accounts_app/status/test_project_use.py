"""What a Google project has used today, in words."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts_app.models import Project, ProjectUse
from accounts_app.status.project_use import today_in_words

pytestmark = pytest.mark.django_db


def test_only_a_project_with_limits_is_counted():
    assert today_in_words(Project.objects.create()) == "-"


def test_hours_of_the_day_in_california_add_up_beside_the_limits():
    project = Project.objects.create(tokens_per_day=10_000)
    now = timezone.now()
    for ago, requests, tokens in ((timedelta(0), 2, 3000), (timedelta(days=1, hours=1), 5, 500)):
        ProjectUse.objects.create(project=project, hour=now - ago, requests=requests, tokens=tokens, updated_at=now)

    assert today_in_words(project) == "2 requests, 3,000 / 10,000 tokens"
