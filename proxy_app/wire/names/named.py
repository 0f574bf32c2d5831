"""What a call names: resources, which one project has and no other, and models, which its key has to be allowed.

Names are read from known fields only, at any depth and in both spellings, never from texts or from values of a client's
own making (arguments of functions, schemas, labels). Files of requests (JSONL) are not read.

Values are first searched for the fields as bytes; only what has some is decoded, and of that no more than the way to
the field.
"""

from collections.abc import Collection, Generator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import msgspec
from msgspec import Raw

from proxy_app.wire.bodies.bodies import Body
from proxy_app.wire.bodies.field_search import FREE, FieldSearch, camel
from proxy_app.wire.malformed import Malformed
from proxy_app.wire.names import resource_names, uris
from proxy_app.wire.names.resource_names import MODELS, STORED_VOICE, BadName, Name
from proxy_app.wire.operations.columns import Family, Operation


@dataclass(frozen=True, slots=True)
class Named:
    """`names` are those of the path, then those of the body; `models` are known by these names to allow-lists.

    `agents` are bare ids. `uris` are addresses in the body that name files, as they are written there. `unsure` are
    addresses of other hosts that read like a file's: they name one only if it is the caller's. `tokens` continue an
    earlier call. `chosen` is the name that is asked for what is created.
    """

    names: tuple[Name, ...] = ()
    models: tuple[str, ...] = ()
    agents: tuple[str, ...] = ()
    uris: Mapping[str, Name] = field(default_factory=dict)
    unsure: Mapping[str, Name] = field(default_factory=dict)
    tokens: tuple[str, ...] = ()
    chosen: Name | None = None


NOTHING = Named()


def names_in(
    operation: Operation,
    path_name: str,
    query: Mapping[str, str],
    body: Body,
    hosts: Collection[str] = (),
) -> Named:
    """`naming` at one go."""
    steps = naming(operation, path_name, query, body, hosts)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            named: Named = end.value
            return named


def naming(
    operation: Operation,
    path_name: str,
    query: Mapping[str, str],
    body: Body,
    hosts: Collection[str] = (),
) -> Generator[None, None, Named]:
    """What a call of `operation` names. `path_name` is the name in its path, `hosts` are those of the gateway.

    Yields where others may have a turn, which a body of ordinary size never does. Raises BadName for a text
    that is no name where one has to be, Malformed for a body that is nested too deeply.
    """
    search = _SEARCHES[operation.family, operation.names_models]
    finder = _Finder(search, hosts, of_google=operation.family is Family.OPENAI)
    if path_name:
        finder.path(path_name, operation.on_model)
    for name, text in query.items():
        if how := search.meaning(name):
            finder.take(how, text)
    yield from finder.fields(body)
    return finder.named(_chosen(operation, query, body))


class _How(Enum):
    """What stands in a field."""

    NAME = "name"  # with its collection
    URI = "uri"  # an address, of a file or of anything else
    MODEL = "model"
    AGENT = "agent"
    TOKEN = "token"
    INTERACTION = "interactions"  # from here on without a collection, which the value is
    ENVIRONMENT = "environments"
    CREDENTIAL = "credentials"
    VOICE = "voices"
    FILE = "files"
    MEDIUM = "medium"  # an address, or the bytes themselves, and never written anew


# By the spelling in camelCase.
_FIELDS = {
    "cachedContent": _How.NAME,
    "fileName": _How.NAME,
    "fileSearchStoreNames": _How.NAME,
    "fileUri": _How.URI,
    "continuationToken": _How.TOKEN,
}
_MODELS = {"model": _How.MODEL, "baseModel": _How.MODEL, "tunedModel": _How.MODEL, "uri": _How.URI}
_OF_INTERACTIONS = {
    "previousInteractionId": _How.INTERACTION,
    "interactionId": _How.INTERACTION,
    "environment": _How.ENVIRONMENT,
    "environmentId": _How.ENVIRONMENT,
    "baseEnvironment": _How.ENVIRONMENT,
    "fromEnvironment": _How.ENVIRONMENT,
    "credential": _How.CREDENTIAL,
    "voice": _How.VOICE,
    "baseVoice": _How.VOICE,
    "agent": _How.AGENT,
    "baseAgent": _How.AGENT,
}
_OF_OPENAI = {
    **dict.fromkeys(("fileId", "inputFileId", "outputFileId", "errorFileId"), _How.FILE),
    **dict.fromkeys(("url", "imageUrl", "videoUrl", "fileData"), _How.MEDIUM),
}
_BYTES = b'"data:'

# An environment that is made for the call; those in which the tool works that uses a computer.
_NOT_KEPT = ("remote", "browser", "mobile", "desktop")
_VARIABLES = "env"  # their names are the client's own, what they hold is not

# Deeper than anything of Google's that has names in it.
_DEEPEST = 64

_decode = msgspec.json.Decoder().decode
_decode_fields = msgspec.json.Decoder(dict[str, Raw]).decode
_decode_items = msgspec.json.Decoder(list[Raw]).decode


_BY_FAMILY: dict[Family, dict[str, _How]] = {
    Family.MODELS: {},
    Family.SOCKET: {},
    Family.INTERACTIONS: _OF_INTERACTIONS,
    Family.OPENAI: _OF_OPENAI,
}
_SEARCHES = {
    (family, models): FieldSearch(_FIELDS | fields | (_MODELS if models else {}))
    for family, fields in _BY_FAMILY.items()
    for models in (False, True)
}


class _Finder:
    """What has been found of one call."""

    def __init__(self, search: FieldSearch[_How], hosts: Collection[str], *, of_google: bool = False) -> None:
        """`of_google`: models may be named as Google's among those of others."""
        self._search = search
        self._hosts = hosts
        self._of_google = of_google
        self._names: dict[Name, None] = {}
        self._models: dict[str, None] = {}
        self._agents: dict[str, None] = {}
        self._uris: dict[str, Name] = {}
        self._unsure: dict[str, Name] = {}
        self._tokens: dict[str, None] = {}

    def named(self, chosen: Name | None) -> Named:
        names, models, agents = tuple(self._names), tuple(self._models), tuple(self._agents)
        return Named(names, models, agents, self._uris, self._unsure, tuple(self._tokens), chosen)

    def path(self, text: str, on_model: bool) -> None:
        """The name in the path. Raises BadName."""
        name = resource_names.model(text) if on_model else resource_names.parse(text)
        if name.collection != MODELS or name.child:
            self._name(name)
        if on_model:
            self._models[name.model] = None

    def fields(self, body: Body) -> Generator[None, None, None]:
        """What stands in the fields of a body. Raises BadName, Malformed."""
        try:
            for name, value in body.items():
                if how := self._search.meaning(name):
                    self._value(how, value, 0)
                elif (yield from self._search.searching(value)) and camel(name) not in FREE:
                    self._walk(value, 1)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):  # of a large body not all has been read
            raise Malformed("Invalid JSON payload received.") from None

    def take(self, how: _How, text: str) -> None:
        """A value of a field. Raises BadName."""
        if not text:
            return
        match how:
            case _How.NAME:
                self._names[resource_names.parse(text)] = None
            case _How.URI:
                self._uri(text)
            case _How.MEDIUM:
                if file := uris.file_in(text, self._hosts):
                    self._names[resource_names.parse(file)] = None
            case _How.TOKEN:
                self._tokens[text] = None
            case _How.MODEL:
                self.path(resource_names.of_google(text) if self._of_google else text, on_model=True)
            case _How.AGENT:
                agent = text.removeprefix("agents/")
                self._agents[agent] = None
                self._name(resource_names.parse(f"agents/{agent}"))
            case _How.VOICE if not text.startswith(STORED_VOICE):
                return  # it may be longer than a name
            case collection if text not in _NOT_KEPT:
                self._name(resource_names.parse(f"{how.value}/{text.removeprefix(f'{collection.value}/')}"))

    def _name(self, name: Name) -> None:
        if not name.is_everybodys:
            self._names[name] = None

    def _uri(self, text: str) -> None:
        """Bad names in addresses are upstream's to refuse: the address may be of something else."""
        try:
            if file := uris.file_in(text, self._hosts):
                self._uris[text] = name = resource_names.parse(file)
                self._names[name] = None
            elif file := uris.file_in(text):
                self._unsure[text] = resource_names.parse(file)
        except BadName:
            return

    def _value(self, how: _How, value: Raw, depth: int) -> None:
        """The value of a field that names something: a text, a list of texts, or an object that has the names."""
        if bytes(memoryview(value)[:1]) == b"{":
            return self._walk(value, depth + 1)
        if how is _How.MEDIUM and bytes(memoryview(value)[: len(_BYTES)]) == _BYTES:
            return
        decoded: Any = _decode(value)
        for text in decoded if isinstance(decoded, list) else (decoded,):
            if isinstance(text, str):
                self.take(how, text)

    def _walk(self, value: Raw, depth: int) -> None:
        if depth > _DEEPEST:
            raise Malformed("Invalid JSON payload received. Message too deep.")
        opening = bytes(memoryview(value)[:1])
        if opening == b"[":
            for each in _decode_items(value):
                if self._search.finds_in(each):
                    self._walk(each, depth + 1)
        elif opening == b"{":
            for name, inner in _decode_fields(value).items():
                if how := self._search.meaning(name):
                    self._value(how, inner, depth)
                elif name == _VARIABLES and bytes(memoryview(inner)[:1]) == b"{":
                    for variable in _decode_fields(inner).values():
                        self._walk(variable, depth + 1)
                elif camel(name) not in FREE and self._search.finds_in(inner):
                    self._walk(inner, depth + 1)


def _chosen(operation: Operation, query: Mapping[str, str], body: Mapping[str, Raw]) -> Name | None:
    """The name that a create asks for; None for none, and for one that Google will refuse."""
    made = operation.chooses
    if made is None:
        return None
    first, _, below = made.field.partition(".")
    value: Any = _decode(body[first]) if first in body else query.get(first)
    text = value if not below else value.get(below) if isinstance(value, dict) else None
    if not isinstance(text, str) or not text:
        return None
    try:
        return resource_names.parse(f"{made.of}/{text.removeprefix(f'{made.of}/')}")
    except BadName:
        return None
