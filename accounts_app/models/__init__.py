"""Rows and their constraints; no rules.

Rows that a call reads have `updated_at`, which a queryset's `update()` sets too: the roster finds changes by it.
"""

from accounts_app.models.accounts import Account, Credential, Rest
from accounts_app.models.keys import ApiKey, KeyPresence, KeyUse
from accounts_app.models.projects import HomeProject, KeyGroup, Project, ProjectUse
from accounts_app.models.resources import FileCopy, Resource, RunningJob, SpooledFile, UploadSession
from accounts_app.models.settings import GatewaySettings, ModelRoute
from accounts_app.models.stamped import StampedQuerySet
from accounts_app.models.upkeep import Duty, Notice

__all__ = [
    "Account",
    "ApiKey",
    "Credential",
    "Duty",
    "FileCopy",
    "GatewaySettings",
    "HomeProject",
    "KeyGroup",
    "KeyPresence",
    "KeyUse",
    "ModelRoute",
    "Notice",
    "Project",
    "ProjectUse",
    "Resource",
    "Rest",
    "RunningJob",
    "SpooledFile",
    "StampedQuerySet",
    "UploadSession",
]
