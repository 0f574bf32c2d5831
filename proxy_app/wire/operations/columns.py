"""The columns of the table of operations.

A template is in Google's own notation for HTTP rules: `{model=models/*}:countTokens` is the name of a resource, then a
verb; `{parent=fileSearchStores/*}/documents` a name, then a literal segment. It stands below the API version, and
below `root` before that (`/upload/v1beta/files`).
"""

import re
from dataclasses import dataclass, field
from enum import Enum

from accounts_app.pool.names.names import canonical
from accounts_app.pool.outcomes import Repeat
from proxy_app.wire.names.resource_names import MODELS, Name
from proxy_app.wire.operations.not_there import NOWHERE, NotThere, text_for

# `{name=files/*}`: a field of the request, and what the name in it looks like.
VARIABLE = re.compile(r"\{(\w+)=([^}]+)\}")


# Roots that stand below no version.
UNVERSIONED = ("$discovery", ".well-known")


class Family(Enum):
    """How requests, errors and events are shaped."""

    MODELS = "models"  # as everything that generateContent stands for
    INTERACTIONS = "interactions"  # snake_case, names without collections, string codes in errors
    OPENAI = "openai"  # OpenAI's
    SOCKET = "socket"  # frames of a WebSocket


class Takes(Enum):
    """How a request's body is taken."""

    NOTHING = "nothing"  # what comes all the same (a DELETE with `{}`) is read and dropped
    FIELDS = "fields"  # a JSON object, read as far as its top-level fields
    FORM = "form"  # the same, or a form of several parts, which goes on as it came
    OPAQUE = "opaque"  # bytes, held in memory and not read
    STREAM = "stream"  # bytes, passed on as they come


class Gives(Enum):
    """What comes back."""

    ANSWER = "answer"  # one JSON object
    EVENTS = "events"  # public responses, one an event
    INTERACTION_EVENTS = "interaction_events"  # events of the interactions API, which have names
    CHUNKS = "chunks"  # chunks of a chat, as OpenAI has them
    BYTES = "bytes"  # a file
    SOCKET = "socket"  # a WebSocket


class Belongs(Enum):
    """Which accounts can answer."""

    ANYBODY = "anybody"  # or, where the body names resources, their owner
    OWNER = "owner"  # an account of the project that owns what the path names
    HOME = "home"  # an account of the home project of the key's group; where the body names resources, their owner


class Cools(Enum):
    """What a failure of this operation cools down, and so which cooldowns keep a call from an account."""

    ACCOUNT = "account"  # the account as a whole: cooldowns for single models do not matter
    MODEL = "model"  # the account's use of the model
    FILES = "files"  # the storage for files, which may be full while all else goes on
    STORES = "stores"  # the storage of file search stores

    @property
    def storage(self) -> str:
        """What cooldowns of a storage are for, "" for none: no model's name begins with a slash."""
        return f"/{self.value}" if self in (Cools.FILES, Cools.STORES) else ""


class Metered(Enum):
    """What is counted of its use, besides the request itself."""

    NOTHING = "nothing"
    TOKENS = "tokens"  # as the answer reports them
    TEXTS = "texts"  # one for each request in the body


@dataclass(frozen=True, slots=True)
class Made:
    """A resource that the operation creates, or that its answer names.

    `field` is where its name stands in the answer, through objects by dots and through lists by `[]`: `file.name`,
    `samples[].video.uri`. `lives` is how long it lives if the answer does not say, in seconds; None until it is
    deleted. `of` is the collection of a name that stands there without one.
    """

    field: str
    lives: float | None = None
    of: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Operation:
    """One method of the API. `id` is Google's, `named_by` Google's term for the field that the path's name fills."""

    id: str
    http: str
    template: str
    family: Family = Family.MODELS
    served: bool = True  # if not, it is refused, and never forwarded
    advice: str = ""  # a sentence for the client of an operation that is not served
    takes: Takes = Takes.NOTHING
    gives: Gives = Gives.ANSWER
    repeat: Repeat = Repeat.ALWAYS
    belongs: Belongs = Belongs.ANYBODY
    makes: tuple[Made, ...] = ()  # what it creates
    tells: tuple[Made, ...] = ()  # results in its answer, which upstream has created since
    chooses: Made | None = None  # where the caller may choose the name of what is created: in the body or the query
    names_models: bool = False  # whether its body does
    lists: str = ""  # the kind of resource, where the gateway makes the list of its rows
    default_page: int = 0  # Google's, like `max_page`
    max_page: int = 0
    filters: tuple[str, ...] = ("filter",)  # parameters by which a list leaves resources out
    exclusive: bool = False  # whether it is for a project that is nobody else's
    secret: bool = False  # whether the body or the answer holds a secret: neither is logged
    cools: Cools = Cools.ACCOUNT
    metered: Metered = Metered.NOTHING
    named_by: str = ""
    root: str = ""
    other_roots: tuple[str, ...] = ()
    also: tuple[str, ...] = ()  # other templates that clients use for it
    wrappers: tuple[str, ...] = ()  # fields that the request may stand in, instead of at the top of the body
    takes_config: bool = False  # whether an operator's default generationConfig is filled in
    in_background: bool = False  # whether what it creates goes on upstream without its client
    advertised: str = ""  # its name in models' supportedGenerationMethods
    logged_as: str = ""  # its name in the request log, where it is a variant of an operation that has a path
    # All that follows is read from the template.
    not_there: NotThere = field(init=False, default=NOWHERE)  # the error for a path whose name is unknown or foreign
    verb: str = field(init=False, default="")
    on_model: bool = field(init=False, default=False)  # whether its path names a model
    _before: str = field(init=False)
    _after: str = field(init=False)

    def __post_init__(self) -> None:
        settled: dict[str, object] = {"verb": self.template.partition(":")[2], "_before": self.template, "_after": ""}
        if variable := VARIABLE.search(self.template):
            before, after = self.template[: variable.start()], self.template[variable.end() :]
            settled = {
                "_before": before,
                "_after": after,
                "verb": after.partition(":")[2],
                "on_model": variable[1] == "model",
                "named_by": self.named_by or _request_of(self.id) + variable[1],
                "not_there": text_for(variable[2]),
            }
        for column, value in settled.items():
            object.__setattr__(self, column, value)

    def __repr__(self) -> str:
        return f"<Operation {self.id}>"

    @property
    def name(self) -> str:
        """Its name in the request log: the verb alone for a verb on models, else the id."""
        return self.verb if self.verb and self.id.startswith("models.") else self.logged_as or self.id

    @property
    def versioned(self) -> bool:
        """Whether its path has a version."""
        return self.root not in UNVERSIONED

    @property
    def read_only(self) -> bool:
        """Whether upstream is the same after it as before."""
        return self.http == "GET"

    @property
    def shows_it(self) -> bool:
        """Whether its answer is the resource that the path names."""
        return self.http in ("GET", "PATCH") and self._after == "" and self.gives in _SHOWING

    @property
    def starts_job(self) -> bool:
        """Whether it begins something that goes on upstream: a batch, an operation on a model, an interaction."""
        return self.in_background or ((self.on_model or self.family is Family.OPENAI) and bool(self.makes))

    @property
    def deletes(self) -> bool:
        """Whether what the path names is gone after it."""
        return self.http == "DELETE"

    @property
    def listed_as(self) -> str:
        """The field of its answer that the list stands in."""
        return _LISTED_AS.get(self.lists, self.lists)

    def cooldowns_on(self, model: str) -> str:
        """What a failed call for `model` cools down: the model, a storage (no model's name begins with a slash), or ""
        for the account as a whole.
        """
        match self.cools:
            case Cools.MODEL:
                return canonical(model)
            case Cools.ACCOUNT:
                return ""
            case _:
                return self.cools.storage

    def path(self, name: Name) -> str:
        """Its path on the resource `name`, below root and version, percent-encoded."""
        return f"{self._before}{name.path()}{self._after}"


_SHOWING = (Gives.ANSWER, Gives.INTERACTION_EVENTS)
_LISTED_AS = {"batches": "operations"}


def _request_of(id_: str) -> str:
    """Google's name for the request of a method, with the dot after it: `GetFileRequest.`, `ImportFileRequest.`."""
    collection, _, method = id_.rpartition(".")
    collection = collection.rpartition(".")[2]
    resource = ""
    if method.islower() and collection != MODELS:
        singular = {"corpora": "corpus", "batches": "batch"}.get(collection, collection.removesuffix("s"))
        resource = collection if method == "list" else singular
    return f"{method[:1].upper()}{method[1:]}{resource[:1].upper()}{resource[1:]}Request."
