"""The columns of the table of operations.

A template is in Google's own notation for HTTP rules: `{model=models/*}:countTokens` is the name of a resource, then a
verb; `{parent=fileSearchStores/*}/documents` a name, then a literal segment. It stands below the API version, and
below `root` before that (`/upload/v1beta/files`).
"""

from dataclasses import dataclass, field
from enum import Enum

from accounts_app.pool.names.names import canonical
from accounts_app.pool.outcomes import Repeat
from proxy_app.wire.resource_names import Name


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
    """Which accounts can answer."""

    ANYBODY = "anybody"
    OWNER = "owner"  # an account of the project that owns what path or body names
    HOME = "home"  # an account of the home project of the key's group


class Cools(Enum):
    """What a failure of this operation cools down, and so which cooldowns keep a call from an account."""

    ACCOUNT = "account"  # the account as a whole: cooldowns for single models do not matter
    MODEL = "model"  # the account's use of the model


class Metered(Enum):
    """What is counted of its use, besides the request itself."""

    NOTHING = "nothing"
    TOKENS = "tokens"  # as the answer reports them
    TEXTS = "texts"  # one for each request in the body


@dataclass(frozen=True, slots=True)
class Made:
    """A resource that the operation creates.

    `field` is where its name stands in the answer. `lives` is how long it lives if the answer does not say, in seconds;
    None until it is deleted.
    """

    field: str
    lives: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Operation:
    """One method of the API.

    `id` is Google's. `named_by` is Google's term for the field that the path's name fills. `also` are other templates
    that clients use for it. `wrappers` are the fields that the request may stand in, instead of at the top.
    `takes_config` says that an operator's default generationConfig is filled in. `advertised` is its name in models'
    supportedGenerationMethods ("" for none). `not_there` is the message of its 404, with `{name}` and `{version}`.
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
    cools: Cools = Cools.ACCOUNT
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
        """Its name in the request log: the verb alone for a verb on models, else the id."""
        return self.verb if self.verb and self.id.startswith("models.") else self.id

    def cooldowns_on(self, model: str) -> str:
        """What a failed call for `model` cools down: the model, or "" for the account as a whole."""
        return canonical(model) if self.cools is Cools.MODEL else ""

    def path(self, name: Name) -> str:
        """Its path on the resource `name`, below root and version, percent-encoded."""
        return name.path() + self._after
