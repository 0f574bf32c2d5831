"""Token counts as the interactions API reports them."""

import msgspec

from proxy_app.wire.usage import Usage


class Counts(msgspec.Struct, gc=False):
    """`usage` of an interaction, `total_usage` of a stream so far."""

    total_input_tokens: int | None = None
    total_cached_tokens: int | None = None
    total_output_tokens: int | None = None
    total_thought_tokens: int | None = None
    total_tool_use_tokens: int | None = None
    total_tokens: int | None = None


def usage_of(counts: Counts) -> Usage:
    return Usage(
        counts.total_input_tokens or 0,
        counts.total_cached_tokens or 0,
        counts.total_output_tokens or 0,
        counts.total_thought_tokens or 0,
        counts.total_tool_use_tokens or 0,
        counts.total_tokens or 0,
    )
