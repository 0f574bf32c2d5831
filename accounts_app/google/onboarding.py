"""Onboarding of a Google account at Code Assist: its tier, and the project of its calls.

`loadCodeAssist` returns tier and project; an account without them is signed up by `onboardUser`, a long-running
operation. Google writes a project as a string or as an object, and any field in either spelling; all are read.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from accounts_app.google import code_assist
from accounts_app.google.access import Access
from accounts_app.google.code_assist import Answer, Refused, Unreachable, either, objects

# Google's own client polls every 5 s without end, others five times every 2 s; a minute is enough.
POLLS = 30
POLL_SECONDS = 2.0

METADATA = {"ideType": "IDE_UNSPECIFIED", "platform": "PLATFORM_UNSPECIFIED", "pluginType": "GEMINI"}

FREE_TIER = "free-tier"
# The tier of an account that is offered none, as in Google's client.
LEGACY_TIER = "legacy-tier"
STANDARD_TIER = "standard-tier"

MUST_VERIFY = "VALIDATION_REQUIRED"
# From a service perimeter (VPC-SC), which blocks the call for the tier but not those for responses.
BEHIND_A_PERIMETER = b"SECURITY_POLICY_VIOLATED"


@dataclass(frozen=True, slots=True)
class Ineligible:
    """A tier that the account cannot have: Google's reason code and text, and a link to fix it (or "")."""

    tier: str
    reason: str
    message: str
    link: str = ""

    @property
    def web_link(self) -> str:
        """The link, if a page may show it."""
        return self.link if self.link.startswith(("https://", "http://")) else ""

    def __str__(self) -> str:
        return f"{self.message or self.reason} ({self.tier})" if self.tier else self.message or self.reason


@dataclass(frozen=True, slots=True)
class Onboarding:
    """The result for an account."""

    project: str
    tier: str
    tier_name: str = ""
    ineligible: tuple[Ineligible, ...] = ()


class NotEligible(Exception):
    """Google gives the account no project: `reasons` say why, `parked` and `link` go into the account's row."""

    def __init__(self, reasons: Iterable[Ineligible], message: str = "") -> None:
        self.reasons = tuple(reasons)
        verify = next((each for each in self.reasons if each.reason == MUST_VERIFY), None)
        self.parked = "misconfigured" if verify is None else "verify"
        self.link = next((each.link for each in (verify, *self.reasons) if each is not None and each.link), "")
        super().__init__(message or " ".join(str(each) for each in self.reasons) or "Google offers no tier.")


@dataclass(frozen=True, slots=True)
class _Tier:
    id: str
    name: str
    wants_own_project: bool
    is_default: bool


async def onboard(access: Access, *, polls: int = POLLS, poll_seconds: float = POLL_SECONDS) -> Onboarding:
    """
    1. Ask for tier and project (loadCodeAssist).
    2. If it has both: done.
    3. Else sign it up for its tier or the default one (onboardUser) and wait for that.

    Raises NotEligible with Google's reasons, code_assist.Refused with its error, and Unreachable, also for a sign-up
    that takes too long.
    """
    try:
        answer = await code_assist.post(access, "loadCodeAssist", _asking(access.project))
    except Refused as refused:
        if refused.status == 403 and BEHIND_A_PERIMETER in refused.body and access.project:
            return Onboarding(access.project, STANDARD_TIER)
        raise
    found = answer.body
    ineligible = tuple(_ineligible(each) for each in objects(found, "ineligibleTiers"))
    current, paid = _tier(either(found, "currentTier")), _tier(either(found, "paidTier"))
    project = _project(either(found, "cloudaicompanionProject")) or access.project
    shown = paid or current
    if current is not None and shown is not None and project:
        return Onboarding(project, shown.id, shown.name, ineligible)
    tier = current or _offered(found, ineligible)
    if tier.wants_own_project and not project:
        raise NotEligible(ineligible, f"The tier {tier.id} needs a Google Cloud project: set this account's project.")
    project = await _signed_up(access, tier, project, answer.base, polls, poll_seconds)
    if not project:
        raise NotEligible(ineligible, "" if ineligible else "Google gave this account no project: set one by hand.")
    shown = paid or tier
    return Onboarding(project, shown.id, shown.name, ineligible)


async def _signed_up(access: Access, tier: _Tier, project: str, base: str, polls: int, poll_seconds: float) -> str:
    """The project from onboardUser: polled by the operation's name, or by calling again if that is unknown."""
    asking: dict[str, Any] = {"tierId": tier.id, "metadata": METADATA}
    if tier.id != FREE_TIER and project:
        # On the free tier the project is Google's: naming one is answered with a failed precondition.
        asking |= _asking(project)
    operation = await code_assist.post(access, "onboardUser", asking, bases=[base])
    by_name = True
    for _ in range(polls):
        if operation.body.get("error"):
            raise Unreachable("onboardUser ended in an error of upstream's own.")
        if operation.body.get("done"):
            response = either(operation.body, "response", {})
            return _project(either(response, "cloudaicompanionProject")) or project
        await asyncio.sleep(poll_seconds)
        name = operation.body.get("name")
        if by_name and isinstance(name, str) and name:
            polled = await _polled(access, name, base)
            by_name = polled is not None
            operation = polled or operation
        if not by_name or not name:
            operation = await code_assist.post(access, "onboardUser", asking, bases=[base])
    raise Unreachable("onboardUser is not done after a minute; it will be asked again.")


async def _polled(access: Access, name: str, base: str) -> Answer | None:
    """The operation's state; None if it cannot be polled by its name."""
    try:
        return await code_assist.get(access, name, bases=[base])
    except Refused as refused:
        if refused.status in (401, 429):
            raise
        return None


def _asking(project: str) -> dict[str, Any]:
    if not project:
        return {"metadata": METADATA}
    return {"cloudaicompanionProject": project, "metadata": METADATA | {"duetProject": project}}


def _offered(found: dict[str, Any], ineligible: tuple[Ineligible, ...]) -> _Tier:
    """The tier for a new account. Raises NotEligible when there is none, or the account must be verified first."""
    if any(each.reason == MUST_VERIFY for each in ineligible):
        raise NotEligible(ineligible)
    offered = [tier for each in objects(found, "allowedTiers") if (tier := _tier(each)) is not None]
    for tier in offered:
        if tier.is_default:
            return tier
    if ineligible or not offered:
        raise NotEligible(ineligible)
    return _Tier(LEGACY_TIER, "", wants_own_project=True, is_default=False)


def _tier(found: object) -> _Tier | None:
    if not isinstance(found, dict) or not found.get("id"):
        return None
    return _Tier(
        str(found["id"]),
        str(either(found, "name", "")),
        bool(either(found, "userDefinedCloudaicompanionProject", False)),
        bool(either(found, "isDefault", False)),
    )


def _ineligible(found: dict[str, Any]) -> Ineligible:
    return Ineligible(
        tier=str(either(found, "tierId", "")),
        reason=str(either(found, "reasonCode", "UNKNOWN")),
        message=str(either(found, "validationErrorMessage", "") or either(found, "reasonMessage", "")),
        link=str(either(found, "validationUrl", "")),
    )


def _project(found: object) -> str:
    """A project's id, which is written as a string or in an object."""
    if isinstance(found, dict):
        found = found.get("id")
    return found if isinstance(found, str) else ""
