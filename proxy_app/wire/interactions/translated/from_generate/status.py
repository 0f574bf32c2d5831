"""What an interaction says of itself: its status, its counts, when it was made."""

import re
from typing import Any

from proxy_app.wire.interactions.translated.from_generate.answers import Candidate, Counts, Modality
from proxy_app.wire.usage import Usage

IN_PROGRESS, COMPLETED, REQUIRES_ACTION = "in_progress", "completed", "requires_action"
INCOMPLETE, FAILED = "incomplete", "failed"

# Google gives a stateless interaction no id, and clients ask for none that is empty.
NO_ID = ""

_UNSPECIFIED = (None, "", "FINISH_REASON_UNSPECIFIED")
_STOPPED = "The model stopped: {reason}."
_SECONDS = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", re.ASCII)

_DETAILS = (
    ("input_tokens_by_modality", "prompt_tokens_details"),
    ("cached_tokens_by_modality", "cache_tokens_details"),
    ("output_tokens_by_modality", "candidates_tokens_details"),
    ("tool_use_tokens_by_modality", "tool_use_prompt_tokens_details"),
)


def finish_reason(candidate: Candidate) -> str:
    """Why it stopped; empty as long as it goes on."""
    return "" if candidate.finish_reason in _UNSPECIFIED else str(candidate.finish_reason)


def status_of(reason: str, *, calls: bool) -> str:
    """The status for a finish reason; `calls` says that functions of the client's have been called."""
    match reason:
        case "STOP":
            return REQUIRES_ACTION if calls else COMPLETED
        case "MAX_TOKENS" | "":
            return INCOMPLETE
    return FAILED


def errors_of(reason: str, message: str) -> list[dict[str, str]]:
    """`errors` for a finish reason with which an interaction has failed."""
    return [{"code": reason.lower(), "message": message or _STOPPED.format(reason=reason)}]


def created(create_time: str | None) -> dict[str, str]:
    """When it was made, to the second; nothing where upstream does not say."""
    found = _SECONDS.match(create_time or "")
    return {"created": f"{found[0]}Z", "updated": f"{found[0]}Z"} if found else {}


def told(usage: Usage, counts: Counts | None) -> dict[str, Any]:
    """`usage` of an interaction: the sums of `usage`, and by modality what `counts` says."""
    sums: dict[str, Any] = {
        "total_input_tokens": usage.prompt,
        "total_cached_tokens": usage.cached,
        "total_output_tokens": usage.candidates,
        "total_thought_tokens": usage.thoughts,
        "total_tool_use_tokens": usage.tool,
        "total_tokens": usage.total,
    }
    for field, details in _DETAILS:
        if each := getattr(counts, details, None):
            sums[field] = _by_modality(each)
    return sums


def _by_modality(details: list[Modality]) -> list[dict[str, Any]]:
    return [{"modality": (each.modality or "").lower(), "tokens": each.token_count or 0} for each in details]
