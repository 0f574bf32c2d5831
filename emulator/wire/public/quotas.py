"""What the public API says of a spent quota: of a model's requests, of embeddings, of storage."""

from __future__ import annotations

from collections.abc import Callable

from emulator.wire.durations import proto_duration
from emulator.wire.errors import GENERATIVE, ErrorBody, help_links, quota_failure, retry_info
from emulator.wire.faults import FaultContext
from emulator.wire.replies import Json


def public_quota(
    period: str,
    limit: int,
    usual: float,
    metric: str = "generate_content_free_tier_requests",
    quota: str = "GenerateRequests{period}PerProjectPerModel-FreeTier",
) -> Callable[[FaultContext], ErrorBody]:
    """The public API's QuotaFailure form; `period` is `PerMinute` or `PerDay`, a limit of 0 means no quota at all."""

    def build(scene: FaultContext) -> ErrorBody:
        wait = scene.wait(usual)
        text = (
            "You exceeded your current quota, please check your plan and billing details. For more information on this "
            "error, head to: https://ai.google.dev/gemini-api/docs/rate-limits.\n"
            f"* Quota exceeded for metric: {GENERATIVE}/{metric}, limit: {limit}\n"
            f"Please retry in {proto_duration(wait)}."
        )
        violation: Json = {
            "quotaMetric": f"{GENERATIVE}/{metric}",
            "quotaId": quota.format(period=period),
            "quotaDimensions": {"location": "global", "model": scene.model},
        }
        if limit:
            violation["quotaValue"] = str(limit)
        link = {"Learn more about Gemini API quotas": "https://ai.google.dev/gemini-api/docs/rate-limits"}
        details = [quota_failure(violation), help_links(link), retry_info(f"{int(wait)}s")]
        return ErrorBody(429, text, details=details)

    return build


def embedding_quota(period: str, limit: int, usual: float) -> Callable[[FaultContext], ErrorBody]:
    """The same for embeddings, which are counted by the text."""
    quota = "EmbedContentRequests{period}PerUserPerProjectPerModel-FreeTier"
    return public_quota(period, limit, usual, "embed_content_free_tier_requests", quota)


def stores_full(limit: int) -> ErrorBody:
    """The project's file search stores take all their room: in Google's words, which name no quota and no delay."""
    return ErrorBody(429, f"Corpus has reached the storage limit of {limit} bytes.")


def caches_full(scene: FaultContext) -> ErrorBody:
    """No room, or none at all in this tier, for cached contexts."""
    return ErrorBody(
        429,
        f"TotalCachedContentStorageTokensPerModelFreeTier limit exceeded for model {scene.model}: limit=0, "
        "requested=2048",
    )


def storage_full(scene: FaultContext) -> ErrorBody:
    """The project's files take all its room; the delay is the longest there is, as seen."""
    metric = f"{GENERATIVE}/file_storage_bytes"
    text = (
        "You exceeded your current quota, please check your plan and billing details. For more information on this "
        "error, head to: https://ai.google.dev/gemini-api/docs/rate-limits.\n"
        f"* Quota exceeded for metric: {metric}, limit: 21474836480\nPlease retry in 2562047h47m16.854775807s."
    )
    violation: Json = {"quotaMetric": metric, "quotaId": "FileStorageBytesPerProject", "quotaValue": "21474836480"}
    return ErrorBody(429, text, details=[quota_failure(violation), retry_info("9223372036854775807s")])
