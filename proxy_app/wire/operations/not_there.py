"""What a client hears of a resource that is not there, or that is somebody else's: one text for each kind.

The two are told in the same bytes, so that nobody learns of names that others have. Those of models, files, caches and
interactions are Google's own; those of the other kinds follow them, since nobody has yet seen Google's.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from proxy_app.wire.names.resource_names import Name, kind


@dataclass(frozen=True, slots=True)
class NotThere:
    """An HTTP status and the message to it, in which `{name}` is the id, without its collection."""

    status: int
    message: str

    def told(self, name: str, version: str = "v1beta", verb: str = "generateContent") -> str:
        """The message for the resource `name`; version and verb are those of the call."""
        return self.message.format(name=name, version=version, verb=verb)


NOWHERE = NotThere(404, "Requested entity was not found.")


def _forbidden(thing: str) -> NotThere:
    return NotThere(403, f"You do not have permission to access the {thing} {{name}} or it may not exist.")


BY_KIND: Mapping[str, NotThere] = {
    "models": NotThere(
        404,
        "models/{name} is not found for API version {version}, or is not supported for {verb}. "
        "Call ListModels to see the list of available models and their supported methods.",
    ),
    "files": _forbidden("File"),
    "cachedContents": NotThere(403, "CachedContent not found (or permission denied)"),
    "corpora": _forbidden("Corpus"),
    "fileSearchStores": _forbidden("FileSearchStore"),
    "tunedModels": _forbidden("TunedModel"),
    "dynamic": NOWHERE,
    "batches": NOWHERE,
    "generatedFiles": NOWHERE,
    "operations": NOWHERE,
    "agents": NOWHERE,
    "auth_tokens": NOWHERE,
    "credentials": NOWHERE,
    "environments": NOWHERE,
    "interactions": NOWHERE,
    "triggers": NOWHERE,
    "voices": NOWHERE,
    "webhooks": NOWHERE,
}


def of(name: Name) -> NotThere:
    """What is told where a call names `name`, in its path or in its body."""
    return BY_KIND[name.owner.kind]


def text_for(pattern: str) -> NotThere:
    """What is told of a name of the shape `pattern` (`models/*/operations/*`)."""
    segments = pattern.split("/")
    return BY_KIND.get(kind(segments[0], "/".join(segments[2:])), NOWHERE)
