"""File search stores: what was taken in, as text, in passages."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from emulator.state.resources.blobs import Blob
from emulator.state.resources.names import slugged
from emulator.wire.durations import timestamp
from emulator.wire.errors import Refused, refuse
from emulator.wire.public.quotas import stores_full
from emulator.wire.replies import Json

# What all stores of a project may hold together.
STORAGE = 1_000_000_000

_USUAL_WORDS = 200
_MOST_PASSAGES = 2_000
_PARAGRAPHS = re.compile(r"\n\s*\n")
_READABLE = re.compile(r"[^\x00-\x08\x0e-\x1f\x7f\ufffd]{4,}")
_EMBEDDED_BY = "models/gemini-embedding-001"


@dataclass(slots=True)
class Document:
    """A document of a store, PENDING until `ready`."""

    name: str
    display_name: str
    mime_type: str
    size: int
    passages: Sequence[str] = field(repr=False)
    metadata: Sequence[Json]
    created: float
    ready: float

    def active(self, now: float) -> bool:
        return now >= self.ready

    def resource(self, now: float) -> Json:
        return {
            "name": self.name,
            "displayName": self.display_name,
            **({"customMetadata": list(self.metadata)} if self.metadata else {}),
            "updateTime": timestamp(min(self.ready, now)),
            "createTime": timestamp(self.created),
            "state": "STATE_ACTIVE" if self.active(now) else "STATE_PENDING",
            "sizeBytes": str(self.size),
            "mimeType": self.mime_type,
        }


@dataclass(slots=True)
class Store:
    """A fileSearchStores resource with its documents by name."""

    name: str
    display_name: str
    created: float
    updated: float
    embedded_by: str = _EMBEDDED_BY
    documents: dict[str, Document] = field(default_factory=dict, repr=False)

    def add(self, taken: Json, blob: Blob, now: float, ready: float, *, name: str = "") -> Document:
        """Takes a document in: `taken` has its displayName and mimeType, its customMetadata and chunkingConfig."""
        name = name or f"{self.name}/documents/{slugged(taken['displayName'])}"
        chunking = taken.get("chunkingConfig", {}).get("whiteSpaceConfig", {})
        document = Document(
            name,
            taken["displayName"],
            taken["mimeType"],
            blob.size,
            passages_of(readable(blob.kept()), int(chunking.get("maxTokensPerChunk") or _USUAL_WORDS)),
            taken.get("customMetadata", ()),
            now,
            ready,
        )
        self.documents[name] = document
        self.updated = now
        return document

    def document(self, name: str) -> Document:
        """Raises Refused with Google's words for what is not there."""
        if (document := self.documents.get(name)) is None:
            if "/_" in name:
                raise not_there("Document", name)
            raise refuse(404, "Documents does not exist.", name="NOT_FOUND")
        return document

    def delete(self, name: str, now: float, *, force: bool) -> None:
        if self.document(name).passages and not force:
            raise refuse(400, "Cannot delete non-empty Document", name="FAILED_PRECONDITION")
        del self.documents[name]
        self.updated = now

    def resource(self, now: float) -> Json:
        active = [document for document in self.documents.values() if document.active(now)]
        counted = {
            "activeDocumentsCount": len(active),
            "pendingDocumentsCount": len(self.documents) - len(active),
            "sizeBytes": sum(document.size for document in active),
        }
        return {
            "name": self.name,
            "displayName": self.display_name,
            "createTime": timestamp(self.created),
            "updateTime": timestamp(self.updated),
            **{field: str(count) for field, count in counted.items() if count},
            "embeddingModel": self.embedded_by,
        }


class Stores:
    """One project's file search stores."""

    def __init__(self) -> None:
        self.storage = STORAGE
        self._by_name: dict[str, Store] = {}

    def add(self, display_name: str, now: float) -> Store:
        return self.named(f"fileSearchStores/{slugged(display_name)}", now, display_name)

    def named(self, name: str, now: float, display_name: str = "") -> Store:
        """The store of this name, which is made when it is not there."""
        return self._by_name.setdefault(name, Store(name, display_name, now, now))

    def get(self, name: str) -> Store:
        """Raises Refused with Google's words for what is not there or is another project's."""
        if (store := self._by_name.get(name)) is None:
            raise not_there("FileSearchStore", name)
        return store

    def all(self) -> list[Store]:
        return list(self._by_name.values())

    def check_room(self, size: int) -> None:
        """Raises Refused where so many bytes more do not fit."""
        taken = sum(document.size for store in self.all() for document in store.documents.values())
        if taken + size > self.storage:
            raise Refused(stores_full(self.storage))

    def delete(self, name: str, *, force: bool) -> None:
        if self.get(name).documents and not force:
            raise refuse(400, "Cannot delete non-empty FileSearchStore", name="FAILED_PRECONDITION")
        del self._by_name[name]


def not_there(kind: str, name: str) -> Refused:
    shown = name.rpartition("/")[2]
    if shown.startswith("_"):
        return refuse(400, f"{shown} is not a valid name of a {kind}.")
    return refuse(403, f"You do not have permission to access the {kind} {shown} or it may not exist.")


def readable(content: bytes) -> str:
    """The text in a file; of one that is not text, what can be read in it."""
    text = content.decode("utf-8", "replace")
    if "\x00" not in text and "\ufffd" not in text:
        return text
    return "\n\n".join(match[0] for match in _READABLE.finditer(text))


def passages_of(text: str, words: int) -> list[str]:
    """Paragraphs, those of more than `words` words cut into several."""
    passages = []
    for paragraph in _PARAGRAPHS.split(text):
        listed = paragraph.split()
        if len(listed) <= words:
            passages += [paragraph.strip()] if listed else []
        else:
            passages += [" ".join(listed[start : start + words]) for start in range(0, len(listed), words)]
    return passages[:_MOST_PASSAGES]
