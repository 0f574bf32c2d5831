"""What Google's tools have looked up for an answer: steps of a search and of pages that were read, and the sources.

generateContent tells of these at the end of an answer: queries, suggestions to show, sources.
"""

from collections.abc import Iterator
from typing import Any

from proxy_app.wire.interactions.translated.from_generate.answers import (
    Candidate,
    Grounding,
    UrlContext,
    grounding_of,
    pages_of,
)
from proxy_app.wire.interactions.translated.from_generate.pieces import Annotations, Ids, Piece, tool_call, tool_result
from proxy_app.wire.interactions.translated.values import is_given

_STATUSES = {
    "URL_RETRIEVAL_STATUS_SUCCESS": "success",
    "URL_RETRIEVAL_STATUS_PAYWALL": "paywall",
    "URL_RETRIEVAL_STATUS_UNSAFE": "unsafe",
}


class LookedUp:
    """The last word on each, of one answer: a stream tells of them several times."""

    def __init__(self, ids: Ids) -> None:
        self._ids = ids
        self._grounding: Grounding | None = None
        self._pages: UrlContext | None = None

    def add(self, candidate: Candidate) -> None:
        self._grounding = grounding_of(candidate) or self._grounding
        self._pages = pages_of(candidate) or self._pages

    def steps(self) -> Iterator[Piece]:
        """A call and its result each."""
        if self._grounding is not None and (queries := self._grounding.web_search_queries):
            id_ = self._ids.new()
            yield tool_call("google_search_call", id_, {"queries": queries})
            yield tool_result("google_search_result", id_, _suggestions(self._grounding))
        if self._pages is not None and (pages := self._pages.url_metadata):
            id_ = self._ids.new()
            yield tool_call("url_context_call", id_, {"urls": [page.retrieved_url or "" for page in pages]})
            read = [
                {"url": page.retrieved_url or "", "status": _STATUSES.get(page.url_retrieval_status or "", "error")}
                for page in pages
            ]
            yield tool_result("url_context_result", id_, read)

    def sources(self) -> Iterator[Annotations]:
        """The sources of the text, where there are any."""
        if self._grounding is not None and (sources := list(_citations(self._grounding))):
            yield Annotations(sources)


def _suggestions(grounding: Grounding) -> list[dict[str, Any]]:
    shown = grounding.search_entry_point
    return [{"search_suggestions": shown.rendered_content}] if shown and is_given(shown.rendered_content) else []


def _citations(grounding: Grounding) -> Iterator[dict[str, Any]]:
    """One for each source of each supported segment, whose bounds are counted in bytes by both APIs."""
    chunks = grounding.grounding_chunks or []
    for support in grounding.grounding_supports or ():
        segment = support.segment
        for index in support.grounding_chunk_indices or ():
            web = chunks[index].web if 0 <= index < len(chunks) else None
            if web is None or segment is None:
                continue
            cited: dict[str, Any] = {"type": "url_citation", "url": web.uri or ""}
            if web.title:
                cited["title"] = web.title
            yield {**cited, "start_index": segment.start_index or 0, "end_index": segment.end_index or 0}
