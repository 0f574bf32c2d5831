"""Token counts as OpenAI's clients know them."""

import msgspec

from proxy_app.wire.usage import Usage


class _PromptDetails(msgspec.Struct, gc=False):
    cached_tokens: int | None = None


class _CompletionDetails(msgspec.Struct, gc=False):
    reasoning_tokens: int | None = None


class Counts(msgspec.Struct, gc=False):
    """`usage` of a completion, a chunk or an answer with embeddings."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    total_tokens: int | None = None
    prompt_tokens_details: _PromptDetails | None = None
    completion_tokens_details: _CompletionDetails | None = None


def usage_of(counts: Counts) -> Usage:
    """The counts for the request log. Thoughts are part of the completion, or of the total alone."""
    prompt, completion = counts.prompt_tokens or 0, counts.completion_tokens or 0
    total = counts.total_tokens or prompt + completion
    details = counts.completion_tokens_details
    beside = max(0, total - prompt - completion)
    within = min(completion, (details and details.reasoning_tokens) or 0) if not beside else 0
    cached = counts.prompt_tokens_details and counts.prompt_tokens_details.cached_tokens
    return Usage(
        prompt=prompt,
        cached=cached or 0,
        candidates=completion - within,
        thoughts=beside or within,
        total=total,
    )
