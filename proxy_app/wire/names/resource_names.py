"""Every resource name a client can write, parsed once: `models/x`, `tunedModels/x`, `models/x/operations/y`.

A name is parsed from the decoded path (or from a body, or from what an operator typed) and is the same `Name` wherever
it is used: in an upstream's URL, an allow-list, the request log, a lineup. What does not parse is used nowhere.

Which characters a name may have is defined in `accounts_app.pool.names.names`.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote

from accounts_app.pool.names.names import LONGEST, is_id
from proxy_app.wire.malformed import Malformed

MODELS, TUNED_MODELS, INTERACTIONS = "models", "tunedModels", "interactions"
AGENTS, AUTH_TOKENS, VOICES = "agents", "auth_tokens", "voices"

# By collection, what may stand below one of its resources (`fileSearchStores/s/upload/operations/o`). Models, whose ids
# may have several segments, are read apart.
CHILDREN: dict[str, tuple[str, ...]] = {
    TUNED_MODELS: ("operations", "permissions"),
    "agents": (),
    "auth_tokens": (),
    "batches": (),
    "cachedContents": (),
    "corpora": ("operations", "permissions"),
    "credentials": (),
    "dynamic": (),
    "environments": ("files",),
    "fileSearchStores": ("documents", "operations", "upload/operations"),
    "files": (),
    "generatedFiles": ("operations",),
    INTERACTIONS: ("auth_tokens",),
    "operations": (),
    "triggers": ("executions",),
    "voices": (),
    "webhooks": (),
}

# Collections in whose resources a child's id may have several segments: an environment's files have paths.
_MANY_SEGMENTS = {"environments"}

# What a client may choose as a file's id. Google's own for results are longer, so that no chosen one is taken for them.
LONGEST_FILE_ID = 40
_CHOSEN_FILE_ID = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")
_OF_GOOGLE = re.compile(r"(?:models/)*(?:publishers/google/models/|google/)")
# Agents that Google offers. Of voices those are its own, or carried by clients, that have not been stored.
_GOOGLES_AGENT = re.compile(
    r"(?:deep-research|antigravity|code-mender|dynamic)(?:(?:-[a-z]+)*-(?:[0-9]{2}-[0-9]{4}|preview|latest))?"
)
STORED_VOICE = "voice_"
_TOLD_BY_FILES = (("batch-", "batches"), ("environment-", "environments"))


class BadName(Malformed):
    """A text is not the name of a resource. `str()` says why, without quoting it."""


@dataclass(frozen=True, slots=True)
class Name:
    """One resource: `collection/id`, or `collection/id/child`; decoded, without a segment that is empty or only dots.

    A model's id may hold slashes and colons (`org/name:v1`). `child` is "" or what follows the id (`operations/o`).
    """

    collection: str
    id: str
    child: str = ""

    def __str__(self) -> str:
        return f"{self.collection}/{self.id}/{self.child}" if self.child else f"{self.collection}/{self.id}"

    @property
    def kind(self) -> str:
        """What it is: its collection, but `operations` for those of models."""
        return kind(self.collection, self.child)

    @property
    def owner(self) -> "Name":
        """The resource that says whose this is: what stands below another is that one's, a batch's results and an
        environment's snapshot are files whose ids tell where they come from.
        """
        if self.collection == "files" and len(self.id) > LONGEST_FILE_ID:
            for sign, collection in _TOLD_BY_FILES:
                if self.id.startswith(sign):
                    return Name(collection, self.id.removeprefix(sign))
        return Name(self.collection, self.id) if self.child and self.collection != MODELS else self

    @property
    def is_everybodys(self) -> bool:
        """Whether every project has it: an agent or a voice of Google's."""
        if self.collection == AGENTS:
            return _GOOGLES_AGENT.fullmatch(self.id) is not None
        return self.collection == VOICES and not self.id.startswith(STORED_VOICE)

    @property
    def logged(self) -> str:
        """The name as the request log shows it: a token's own name is a secret."""
        return str(self.owner if self.child.startswith(f"{AUTH_TOKENS}/") else self)

    @property
    def model(self) -> str:
        """A model as routes, allow-lists, lineups and the request log write it: its bare id, or `tunedModels/x`."""
        return self.id if self.collection == MODELS else str(self)

    def path(self) -> str:
        """The name as it stands in a URL: every character that means something there is percent-encoded."""
        return quote(str(self))


def kind(collection: str, child: str = "") -> str:
    """The kind of what is `child` of a resource in `collection`: `operations` for a model's, else the collection."""
    return "operations" if child and collection == MODELS else collection


def may_be_chosen(id_: str) -> bool:
    """Whether Google lets a client give a file this id."""
    return len(id_) <= LONGEST_FILE_ID and _CHOSEN_FILE_ID.fullmatch(id_) is not None


def parse(text: str) -> Name:
    """The resource that `text` names by its collection. Raises BadName."""
    _bounded(text)
    collection, _, below = text.partition("/")
    if collection == MODELS:
        return _model_or_below(below)
    if collection not in CHILDREN:
        raise BadName("unknown collection")
    id_, _, child = below.partition("/")
    if not is_id(id_) or (child and not _is_child(collection, child)):
        raise BadName("unexpected name format")
    return Name(collection, id_, child)


def model(text: str) -> Name:
    """The model that `text` names, with its collection or without: `x`, `models/x`, `tunedModels/x`. Raises BadName.

    `models/` may stand more than once: some clients put it before a name that has it already.
    """
    text = text.removeprefix("models/")  # the bound is the id's
    _bounded(text)
    return _model(text)


def of_google(text: str) -> str:
    """A model's name without what says that it is one of Google's: `google/x`, `publishers/google/models/x`."""
    return _OF_GOOGLE.sub("", text)


@lru_cache(maxsize=256)  # nearly all calls are for the same few
def _model(text: str) -> Name:
    while text.startswith("models/"):
        text = text.removeprefix("models/")
    if text.startswith("tunedModels/"):
        tuned = text.removeprefix("tunedModels/")
        if is_id(tuned):
            return Name(TUNED_MODELS, tuned)
    elif _are_ids(text):
        return Name(MODELS, text)
    raise BadName("unexpected model name format")


def _bounded(text: str) -> None:
    if len(text) > LONGEST or (not text.isascii() and len(text.encode(errors="replace")) > LONGEST):
        raise BadName(f"unexpected name format, it is longer than {LONGEST} bytes")


def _model_or_below(below: str) -> Name:
    id_, separator, operation = below.rpartition("/operations/")
    if separator and is_id(operation):
        return Name(MODELS, model(id_).id, f"operations/{operation}")
    return model(below)


def _is_child(collection: str, child: str) -> bool:
    for known in CHILDREN[collection]:
        if child.startswith(f"{known}/"):
            below = child.removeprefix(f"{known}/")
            return _are_ids(below) if collection in _MANY_SEGMENTS else is_id(below)
    return False


def _are_ids(text: str) -> bool:
    return all(map(is_id, text.split("/")))
