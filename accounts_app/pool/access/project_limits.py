"""The limits that an operator puts on a Google project, so that the gateway stops before Google does."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ProjectLimits:
    """Limits for all accounts of a project and all nodes together; None is no limit."""

    requests_per_minute: int | None = None
    requests_per_day: int | None = None
    tokens_per_minute: int | None = None
    tokens_per_day: int | None = None


NO_PROJECT_LIMITS = ProjectLimits()
