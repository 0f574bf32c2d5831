"""The fileSearch tool: passages from the stores that a generate request names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from emulator.answers.conversation import Conversation
from emulator.answers.vectors.retrieval import Passage, nearest
from emulator.wire.errors import bad_request, refuse
from emulator.wire.replies import Json

if TYPE_CHECKING:
    from emulator.apis.call import Call

_CLAUSE = re.compile(r"""\s*([\w.-]+)\s*(=|!=|<=|>=|<|>)\s*(?:"([^"]*)"|'([^']*)'|([^\s"']+))\s*""")
_AND = re.compile(r"\s+AND\s+", re.IGNORECASE)


def found_in_stores(call: Call, inner: Json) -> list[Passage]:
    """What the stores that the request names have to say to its prompt; raises Refused for a foreign store."""
    found: list[Passage] = []
    if not inner.get("contents"):
        return found
    for tool in inner.get("tools", ()):
        if (search := tool.get("fileSearch")) is None:
            continue
        names = search.get("fileSearchStoreNames") or []
        if not names:
            text = "file_search.file_search_store_names is required"
            raise refuse(400, f"* GenerateContentRequest.tools: {text}\n", bad_request([("tools", text)]))
        clauses = _clauses(search.get("metadataFilter", ""))
        passages = list(_passages(call, names, clauses))
        found += nearest(Conversation(inner).prompt, passages, search.get("topK", 0))
    return found


def _passages(call: Call, names: Sequence[str], clauses: Sequence[tuple[str, str, str]]) -> Iterator[Passage]:
    for store in [call.project.stores.get(name) for name in names]:
        for document in store.documents.values():
            known = {str(one.get("key")): _value(one) for one in document.metadata}
            if document.active(call.now) and all(_holds(known, clause) for clause in clauses):
                for text in document.passages:
                    yield Passage(store.name, document.display_name, text, document.metadata)


def _clauses(asked: str) -> list[tuple[str, str, str]]:
    """`author = "Ada" AND year >= 1840` in three parts each; raises Refused for what is not of this form."""
    clauses = []
    for clause in _AND.split(asked) if asked.strip() else ():
        if not (match := _CLAUSE.fullmatch(clause)):
            raise refuse(400, f"Invalid metadata filter: {asked}")
        key, sign, *values = match.groups()
        clauses.append((key, sign, next(value for value in values if value is not None)))
    return clauses


def _value(one: Json) -> str | float:
    return float(one["numericValue"]) if "numericValue" in one else str(one.get("stringValue", ""))


def _holds(known: dict[str, str | float], clause: tuple[str, str, str]) -> bool:
    key, sign, wanted = clause
    value = known.get(key)
    if value is None:
        return False
    if isinstance(value, str):
        return (value == wanted) is (sign == "=") if sign in {"=", "!="} else False
    try:
        number = float(wanted)
    except ValueError:
        return False
    match sign:
        case "=":
            return value == number
        case "!=":
            return value != number
        case "<" | "<=":
            return value < number or (sign == "<=" and value == number)
        case _:
            return value > number or (sign == ">=" and value == number)
