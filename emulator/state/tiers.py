"""Tiers and eligibility as loadCodeAssist tells them."""

from __future__ import annotations

from emulator.state.accounts import Account
from emulator.wire.replies import Json

_NAMES = {
    "free-tier": "Gemini Code Assist for individuals",
    "legacy-tier": "Gemini Code Assist (legacy)",
    "standard-tier": "Gemini Code Assist Standard",
    "g1-pro-tier": "Google AI Pro",
    "g1-ultra-tier": "Google AI Ultra",
    "g1-ultra-lite-tier": "Google AI Ultra Lite",
    "ws-ai-ultra-business-tier": "Google AI Ultra for Business",
    "helium-tier": "Google AI Plus",
}
_BASE_TIERS = frozenset({"free-tier", "legacy-tier", "standard-tier"})
_REASONS = {
    "DASHER_USER": "Your account is managed by an organization and cannot use the free tier.",
    "INELIGIBLE_ACCOUNT": "Your current account is not eligible for this tier.",
    "NON_USER_ACCOUNT": "Service accounts cannot use this tier.",
    "RESTRICTED_AGE": "You must be 18 or older to use this tier.",
    "RESTRICTED_NETWORK": "Your network is restricted.",
    "UNKNOWN_LOCATION": "We could not determine your location.",
    "UNSUPPORTED_LOCATION": "Your current location is not supported.",
    "VALIDATION_REQUIRED": "Verify your account to continue.",
}


def tiers_of(account: Account) -> Json:
    """currentTier, allowedTiers, ineligibleTiers and paidTier; a new account has no current one."""
    if account.ineligible:
        return {
            "allowedTiers": [_tier("legacy-tier")],
            "ineligibleTiers": [_ineligible(one) for one in account.ineligible],
        }
    if not account.onboarded:
        return {"allowedTiers": [{**_tier("free-tier"), "isDefault": True}, _tier("standard-tier")]}
    current = account.tier if account.tier in _BASE_TIERS else "free-tier"
    past = {"hasAcceptedTos": True, "hasOnboardedPreviously": True, "privacyNotice": {"showNotice": False}}
    told: Json = {
        "currentTier": {**_tier(current), **past},
        "allowedTiers": [{**_tier(current), "isDefault": True}],
    }
    if account.tier not in _BASE_TIERS:
        credit = {"creditType": "GOOGLE_ONE_AI", "creditAmount": "1000", "minimumCreditAmountForUsage": "50"}
        told["paidTier"] = {**_tier(account.tier), "availableCredits": [credit]}
    return told


def _tier(tier_id: str) -> Json:
    name = _NAMES.get(tier_id, tier_id)
    own_project = {"userDefinedCloudaicompanionProject": True} if tier_id == "standard-tier" else {}
    return {"id": tier_id, "name": name, "description": f"{name}, as played by the emulator", **own_project}


def _ineligible(reason: str) -> Json:
    told = {
        "reasonCode": reason,
        "reasonMessage": _REASONS.get(reason, "Your account is not eligible."),
        "tierId": "free-tier",
        "tierName": _NAMES["free-tier"],
    }
    if reason == "VALIDATION_REQUIRED":
        told |= {
            "validationErrorMessage": "Verify your account to continue.",
            "validationUrl": "https://accounts.google.example/verify?plt=emulator",
            "validationUrlLinkText": "Verify your account",
            "validationLearnMoreUrl": "https://support.google.com/accounts?p=al_alert",
            "validationLearnMoreLinkText": "Learn more",
        }
    return told
