"""What Google projects have used today, for the console. Only those with limits are counted."""

from datetime import UTC, datetime

from django.db.models import Sum
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from accounts_app.models import Project, ProjectUse
from accounts_app.models.projects import PROJECT_LIMITS
from accounts_app.pool.access.project_limits import pacific_day


def today_in_words(project: Project) -> str:
    """Requests and tokens since midnight Pacific, each with its limit; "-" for a project without limits."""
    if all(getattr(project, limit) is None for limit in PROJECT_LIMITS):
        return "-"
    since = datetime.fromtimestamp(pacific_day(datetime.now(UTC).timestamp())[0], UTC)
    used = ProjectUse.objects.filter(project=project.pk, hour__gte=since).aggregate(Sum("requests"), Sum("tokens"))
    requests = _of(used["requests__sum"] or 0, project.requests_per_day)
    tokens = _of(used["tokens__sum"] or 0, project.tokens_per_day)
    return _("%(requests)s requests, %(tokens)s tokens") % {"requests": requests, "tokens": tokens}


def _of(used: int, most: int | None) -> str:
    shown = number_format(used, force_grouping=True)
    return shown if most is None else f"{shown} / {number_format(most, force_grouping=True)}"
