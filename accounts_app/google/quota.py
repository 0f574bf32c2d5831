"""What Google says is left of an account's quota, by model."""

import asyncio
from dataclasses import dataclass, replace
from typing import Any

from accounts_app.google import code_assist
from accounts_app.google.access import Access
from accounts_app.google.code_assist import CodeAssistError, Refused, either, objects

# Models that Google lists for its own use.
INTERNAL = ("chat_", "tab_")


@dataclass(frozen=True, slots=True)
class ModelQuota:
    """One model of one account. `remaining` is 0..1, None when upstream does not say; `resets_at` is ISO 8601."""

    remaining: float | None = None
    resets_at: str | None = None
    display_name: str = ""
    input_limit: int = 0
    output_limit: int = 0
    thinking: bool = False


async def fetch(access: Access) -> dict[str, ModelQuota]:
    """The account's models and what is left of their quotas, by model id, without internal ones.

    Two calls, either of which may be refused to an account: fetchAvailableModels (models and their limits) and
    retrieveUserQuota (buckets). If both have a model, the lower remainder is used.
    Raises CodeAssistError when neither answers.
    """
    models, buckets = await asyncio.gather(_models(access), _buckets(access), return_exceptions=True)
    for failure in (models, buckets):
        if isinstance(failure, BaseException) and not isinstance(failure, CodeAssistError):
            raise failure
    if isinstance(models, BaseException):
        if isinstance(buckets, BaseException):
            raise models
        return dict(buckets)
    if isinstance(buckets, BaseException):
        return dict(models)
    return {model: _merged(models.get(model), buckets.get(model)) for model in sorted(models.keys() | buckets.keys())}


async def _models(access: Access) -> dict[str, ModelQuota]:
    asking = {"project": access.project} if access.project else {}
    try:
        answer = await code_assist.post(access, "fetchAvailableModels", asking)
    except Refused as refused:
        if refused.status != 403 or not asking:
            raise
        answer = await code_assist.post(access, "fetchAvailableModels", {})
    listed = either(answer.body, "models", {})
    if not isinstance(listed, dict):
        return {}
    return {
        model: _model(entry)
        for model, entry in listed.items()
        if isinstance(entry, dict) and not model.startswith(INTERNAL) and not either(entry, "isInternal", False)
    }


async def _buckets(access: Access) -> dict[str, ModelQuota]:
    asking = {"project": access.project} if access.project else {}
    answer = await code_assist.post(access, "retrieveUserQuota", asking)
    found: dict[str, ModelQuota] = {}
    for bucket in objects(answer.body, "buckets"):
        model = either(bucket, "modelId", "")
        if isinstance(model, str) and model and not model.startswith(INTERNAL):
            # Several buckets (requests, tokens) may limit one model: the one with the least left counts.
            found[model] = _merged(found.get(model), _left(bucket))
    return found


def _model(entry: dict[str, Any]) -> ModelQuota:
    info = either(entry, "quotaInfo")
    left = _left(info) if isinstance(info, dict) else ModelQuota()
    return replace(
        left,
        display_name=str(either(entry, "displayName", "")),
        input_limit=_whole(either(entry, "maxTokens")),
        output_limit=_whole(either(entry, "maxOutputTokens")),
        thinking=bool(either(entry, "supportsThinking", False)),
    )


def _left(info: dict[str, Any]) -> ModelQuota:
    """A missing fraction is 0: proto JSON leaves defaults out."""
    fraction, resets_at = either(info, "remainingFraction", 0.0), either(info, "resetTime")
    left = float(fraction) if isinstance(fraction, int | float) else 0.0
    return ModelQuota(min(max(left, 0.0), 1.0), resets_at if isinstance(resets_at, str) else None)


def _merged(one: ModelQuota | None, other: ModelQuota | None) -> ModelQuota:
    """The description of the first, with the lower remainder and its reset."""
    if one is None or other is None:
        return one or other or ModelQuota()
    if other.remaining is None or (one.remaining is not None and one.remaining <= other.remaining):
        return one
    return replace(one, remaining=other.remaining, resets_at=other.resets_at)


def _whole(value: object) -> int:
    """An int64, which proto JSON may write as a string."""
    try:
        return max(int(value), 0)  # type: ignore[call-overload]
    except (TypeError, ValueError):
        return 0
