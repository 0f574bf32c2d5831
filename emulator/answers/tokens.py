"""A deterministic tokenizer and the counting of prompts, the same for countTokens and usageMetadata."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from emulator.wire.replies import Json

_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
_TOKEN = re.compile(rf"[{_CJK}]|(?:(?![{_CJK}])[^\W\d_]){{1,8}}|\d{{1,3}}|[^\w\s]|_")

# Beyond this a text is estimated: exact counting of a 100 MB prompt would hold up every other stream.
_COUNTED_CHARACTERS = 200_000
CHARACTERS_A_TOKEN = 4

# What Google counts for an image tile, a second of audio being out of reach of a stand-in.
MEDIA_TOKENS = 258
MODALITIES = {"image": "IMAGE", "audio": "AUDIO", "video": "VIDEO", "application": "DOCUMENT", "text": "TEXT"}


def count_text(text: str) -> int:
    head, tail = text[:_COUNTED_CHARACTERS], text[_COUNTED_CHARACTERS:]
    return sum(1 for _ in _TOKEN.finditer(head)) + len(tail) // CHARACTERS_A_TOKEN


def first_tokens(text: str, count: int) -> str:
    """The text up to its token number `count`."""
    end = 0
    for index, match in enumerate(_TOKEN.finditer(text)):
        if index >= count:
            return text[:end].rstrip()
        end = match.end()
    return text


def pieces_of(text: str, sizes: Iterable[int]) -> Iterator[str]:
    """The text cut at token borders into pieces of `sizes` tokens, the last size repeating."""
    ends = [match.end() for match in _TOKEN.finditer(text)]
    wanted, start, index, size = iter(sizes), 0, 0, 1
    while index < len(ends):
        size = next(wanted, size)
        index = min(index + size, len(ends))
        end = ends[index - 1] if index < len(ends) else len(text)
        yield text[start:end]
        start = end
    if start < len(text):
        yield text[start:]


def count_prompt(inner: Json) -> dict[str, int]:
    """Tokens of contents, system instruction and tools by modality, TEXT first; {} for nothing at all."""
    counts: dict[str, int] = {}
    for content in (*inner.get("contents", ()), inner.get("systemInstruction") or {}):
        for part in content.get("parts", ()):
            _count_part(part, counts)
    if tools := inner.get("tools"):
        _add(counts, "TEXT", count_text(_compact(tools)))
    return dict(sorted(counts.items(), key=lambda item: item[0] != "TEXT"))


def count_parts(parts: Iterable[Json]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for part in parts:
        _count_part(part, counts)
    return counts


def details(counts: dict[str, int]) -> list[Json]:
    return [{"modality": modality, "tokenCount": count} for modality, count in counts.items() if count]


def modality_of(mime_type: str) -> str:
    return MODALITIES.get(mime_type.split("/")[0], "DOCUMENT")


def _count_part(part: Json, counts: dict[str, int]) -> None:
    if isinstance(text := part.get("text"), str) and text:
        _add(counts, "TEXT", count_text(text))
    for kind in ("inlineData", "fileData"):
        if blob := part.get(kind):
            _add(counts, modality_of(str(blob.get("mimeType", ""))), blob.get("tokens", MEDIA_TOKENS))
    for kind in ("functionCall", "functionResponse", "executableCode", "codeExecutionResult"):
        if kind in part:
            _add(counts, "TEXT", count_text(_compact(part[kind])))


def _add(counts: dict[str, int], modality: str, count: int) -> None:
    counts[modality] = counts.get(modality, 0) + count


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True, default=str)
