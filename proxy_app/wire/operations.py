"""The table of operations: what each method of the API is, in one row.

Routing, limits, retries, placement, the request log's method, the list of models and the texts for what is not served
all read this table. A row does not say who can answer it: each dialect names the operations it has.

A template is in Google's own notation for HTTP rules: `{model=models/*}:countTokens` is the name of a resource, then a
verb; `{parent=fileSearchStores/*}/documents` a name, then a literal segment. It stands below the API version, and
below `root` before that (`/upload/v1beta/files`).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum

from accounts_app.pool.outcomes import Repeat
from proxy_app.wire.resource_names import MODELS, Name

HOUR = 3600.0


class Takes(Enum):
    """How a request's body is taken."""

    NOTHING = "nothing"
    FIELDS = "fields"  # a JSON object, read as far as its top-level fields
    OPAQUE = "opaque"  # bytes, held in memory and not read
    STREAM = "stream"  # bytes, passed on as they come


class Gives(Enum):
    """What comes back."""

    ANSWER = "answer"  # one JSON object
    EVENTS = "events"  # public responses, one an event
    INTERACTION_EVENTS = "interaction_events"  # events of the interactions API, which have names
    BYTES = "bytes"  # a file
    SOCKET = "socket"  # a WebSocket


class Belongs(Enum):
    """Whose account has to answer."""

    ANYBODY = "anybody"
    OWNER = "owner"  # an account of the project that owns what path or body names
    HOME = "home"  # an account of the home project of the key's group


class Cools(Enum):
    """What a cooldown for this operation is laid on, and so which cooldowns keep a call from an account."""

    MODEL = "model"  # the account's use of the model
    ACCOUNT = "account"  # the account as a whole
    NOTHING = "nothing"


class Metered(Enum):
    """What is counted of its use, besides the request itself."""

    NOTHING = "nothing"
    TOKENS = "tokens"  # as the answer reports them
    TEXTS = "texts"  # one for each request in the body


@dataclass(frozen=True, slots=True)
class Made:
    """A name that the answer makes: the field it stands in, and how long it lives where the answer does not say.

    `lives` is in seconds, None until it is deleted.
    """

    field: str
    lives: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Operation:
    """One method of the API.

    `id` is Google's own for it. `named_by` is what Google calls the field that the path's name fills. `also` are other
    paths that clients write for it. `wrappers` are the fields that the request may stand in, instead of at the top.
    `takes_config` says that an operator's default generationConfig is filled in. `advertised` is what models call it in
    their supportedGenerationMethods ("" for none). `not_there` is the message of its 404, with `{name}` and
    `{version}`.
    """

    id: str
    http: str
    template: str
    takes: Takes = Takes.NOTHING
    gives: Gives = Gives.ANSWER
    repeat: Repeat = Repeat.ALWAYS
    belongs: Belongs = Belongs.ANYBODY
    makes: tuple[Made, ...] = ()
    not_there: str = ""
    cools: Cools = Cools.NOTHING
    metered: Metered = Metered.NOTHING
    named_by: str = ""
    root: str = ""
    also: tuple[str, ...] = ()
    wrappers: tuple[str, ...] = ()
    takes_config: bool = False
    advertised: str = ""
    verb: str = field(init=False, default="")
    _after: str = field(init=False, default="")

    def __post_init__(self) -> None:
        after = self.template.rpartition("}")[2]
        object.__setattr__(self, "_after", after)
        object.__setattr__(self, "verb", after.partition(":")[2])

    def __repr__(self) -> str:
        return f"<Operation {self.id}>"

    @property
    def name(self) -> str:
        """What the request log calls it: the verb alone where it is a model's."""
        return self.verb if self.verb and self.id.startswith("models.") else self.id

    def path(self, name: Name) -> str:
        """Its path on the resource `name`, below root and version, percent-encoded."""
        return name.path() + self._after


@dataclass(frozen=True, slots=True)
class Target:
    """What a path asks for: the operation, and the name in the path as it is written ("" where there is none)."""

    operation: Operation
    name: str = ""


LIST_MODELS = Operation("models.list", "GET", "models")
GET_MODEL = Operation(
    "models.get",
    "GET",
    "{name=models/*}",
    named_by="GetModelRequest.name",
    not_there=(
        "models/{name} is not found for API version {version}, or is not supported for generateContent. "
        "Call ListModels to see the list of available models and their supported methods."
    ),
)
GENERATE = Operation(
    "models.generateContent",
    "POST",
    "{model=models/*}:generateContent",
    takes=Takes.FIELDS,
    cools=Cools.MODEL,
    metered=Metered.TOKENS,
    named_by="GenerateContentRequest.model",
    takes_config=True,
    advertised="generateContent",
)
STREAM = Operation(
    "models.streamGenerateContent",
    "POST",
    "{model=models/*}:streamGenerateContent",
    takes=Takes.FIELDS,
    gives=Gives.EVENTS,
    cools=Cools.MODEL,
    metered=Metered.TOKENS,
    named_by="GenerateContentRequest.model",  # Google's name for it also where it streams
    takes_config=True,
)
COUNT = Operation(
    "models.countTokens",
    "POST",
    "{model=models/*}:countTokens",
    takes=Takes.FIELDS,
    cools=Cools.MODEL,
    named_by="CountTokensRequest.model",
    also=("{model=models/*}/countTokens",),
    wrappers=("generateContentRequest", "generate_content_request"),
    advertised="countTokens",
)


def _on_a_model(
    verb: str,
    *,
    gives: Gives = Gives.ANSWER,
    makes: tuple[Made, ...] = (),
    metered: Metered = Metered.NOTHING,
    advertised: str = "",
) -> Operation:
    """A verb on models. What makes something may have made it, however the exchange ended."""
    return Operation(
        f"models.{verb}",
        "POST",
        f"{{model=models/*}}:{verb}",
        takes=Takes.FIELDS,
        gives=gives,
        repeat=Repeat.UNTIL_SENT if makes else Repeat.ALWAYS,
        belongs=Belongs.HOME if makes else Belongs.ANYBODY,
        makes=makes,
        cools=Cools.MODEL,
        metered=metered,
        named_by=f"{verb[0].upper()}{verb[1:]}Request.model",
        advertised=advertised,
    )


OPERATIONS: tuple[Operation, ...] = (
    LIST_MODELS,
    GET_MODEL,
    GENERATE,
    STREAM,
    COUNT,
    Operation("cachedContents.list", "GET", "cachedContents", belongs=Belongs.HOME),
    Operation(
        "cachedContents.create",
        "POST",
        "cachedContents",
        takes=Takes.FIELDS,
        repeat=Repeat.UNTIL_SENT,
        belongs=Belongs.HOME,
        makes=(Made("name", HOUR),),
        cools=Cools.ACCOUNT,
        advertised="createCachedContent",
    ),
    _on_a_model("embedContent", metered=Metered.TEXTS),
    _on_a_model("batchEmbedContents", metered=Metered.TEXTS),
    _on_a_model("asyncBatchEmbedContent", makes=(Made("name", 48 * HOUR),)),
    _on_a_model("batchGenerateContent", makes=(Made("name", 48 * HOUR),), advertised="batchGenerateContent"),
    _on_a_model("predict"),
    _on_a_model("predictLongRunning", makes=(Made("name", 48 * HOUR),)),
    _on_a_model("generateAnswer"),
    _on_a_model("generateMessage"),
    _on_a_model("generateText"),
    _on_a_model("bidiGenerateContent", gives=Gives.SOCKET, metered=Metered.TOKENS),
)

# How the verbs of a path end that is answered by events.
STREAMED = tuple(f":{each.verb}" for each in OPERATIONS if each.gives is Gives.EVENTS)

_COLON = re.compile("%3a", re.IGNORECASE)
_VARIABLE = re.compile(r"\{\w+=([^}]+)\}")
_METHODS = ("POST", "GET", "PATCH", "PUT", "DELETE")


def find(http: str, path: str, root: str = "") -> Target | None:
    """The operation that `http` on a decoded path below `/{version}/` asks for; None for none. HEAD is GET.

    A verb follows the last colon: a model's id may hold colons and slashes itself. What any operation has for a verb is
    never part of an id.
    """
    path = clean(path)
    http = "GET" if http == "HEAD" else http
    collection = path.partition("/")[0].partition(":")[0]
    verb = path.rpartition(":")[2]
    if (root, collection, verb) not in _verbs:
        verb = ""
    for pattern, operation in _rows.get((root, http, collection, verb), ()):
        if found := pattern.fullmatch(path):
            return Target(operation, found["name"] or "")
    return None


def by_another_method(path: str, root: str = "") -> Operation | None:
    """The operation that a path stands for by some other HTTP method than the one it was asked by."""
    return next((found.operation for http in _METHODS if (found := find(http, path, root))), None)


def split(path: str) -> tuple[str, str]:
    """Name and verb of a path below `/{version}/` that is no operation's, as they are written; both may be ""."""
    path = clean(path)
    name, colon, verb = path.rpartition(":")
    return (name, verb) if colon else (path, "")


def clean(path: str) -> str:
    """A decoded path as templates have it: clients escape the colon twice, and end in a slash."""
    return _COLON.sub(":", path).rstrip("/")


def _pattern(template: str) -> re.Pattern[str]:
    """What a path has to be; its name is in the group `name`.

    A star is one segment, two are any number of them; a model's id may have several, and may be missing, which is
    answered in Google's words for a bad name.
    """
    found = _VARIABLE.search(template)
    if found is None:
        return re.compile(f"{re.escape(template)}(?P<name>)")
    segments = found[1].split("/")
    stars = {"*": ".*" if segments[0] == MODELS else "[^/]+", "**": ".+"}
    name = "/".join(stars.get(segment) or re.escape(segment) for segment in segments)
    return re.compile(f"(?P<name>{name}){re.escape(template[found.end() :])}", re.DOTALL)


def _all_rows() -> Iterator[tuple[tuple[str, str, str, str], str, Operation]]:
    for operation in OPERATIONS:
        for template in (operation.template, *operation.also):
            collection = re.split("[/:]", _VARIABLE.sub(r"\1", template))[0]
            verb = template.rpartition("}")[2].partition(":")[2]
            yield (operation.root, operation.http, collection, verb), template, operation


def _indexed() -> dict[tuple[str, str, str, str], list[tuple[re.Pattern[str], Operation]]]:
    """The rows by root, HTTP method, collection and verb; of those that fit the same path, the longest first."""
    rows: dict[tuple[str, str, str, str], list[tuple[re.Pattern[str], Operation]]] = {}
    for key, template, operation in sorted(_all_rows(), key=lambda row: -len(row[1])):
        rows.setdefault(key, []).append((_pattern(template), operation))
    return rows


_rows = _indexed()
_verbs = {(root, collection, verb) for root, _, collection, verb in _rows if verb}
