"""Which operation a client's path stands for, and the name that stands in it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from accounts_app.pool.names.names import LONGEST, is_id
from proxy_app.wire.names.resource_names import CHILDREN, MODELS, TUNED_MODELS
from proxy_app.wire.operations import table
from proxy_app.wire.operations.addresses import VERSIONS
from proxy_app.wire.operations.columns import VARIABLE, Family, Operation


@dataclass(frozen=True, slots=True)
class Target:
    """What a path stands for: the operation, and the name in the path as it is written ("" where there is none)."""

    operation: Operation
    name: str = ""


_COLON = re.compile("%3a", re.IGNORECASE)
_SLASHES = re.compile("/{2,}")
_OF_MODELS = (f"{MODELS}/", f"{TUNED_MODELS}/")
_METHODS = ("POST", "GET", "PATCH", "PUT", "DELETE")


def find(http: str, path: str, root: str = "") -> Target | None:
    """The operation of the HTTP method `http` on a decoded path below `/{version}/`; None for none. HEAD is GET.

    A verb follows the last colon: a model's id may hold colons and slashes itself. The verb of any operation is never
    part of an id.
    """
    path = clean(path)
    http = "GET" if http == "HEAD" else http
    collection = _collection(path)
    verb = path.rpartition(":")[2]
    if (root, collection, verb) not in _verbs:
        verb = ""
    for pattern, operation in _rows.get((root, http, collection, verb), ()):
        if found := pattern.fullmatch(path):
            return Target(operation, found["name"] or "")
    return None


def by_another_method(path: str, root: str = "") -> Operation | None:
    """The operation that a path stands for by any HTTP method."""
    return next((found.operation for http in _METHODS if (found := find(http, path, root))), None)


def family(path: str) -> Family:
    """The family that a client's whole path belongs to, whatever stands before the version."""
    found = _OTHER_FAMILIES.search(path)
    return Family.MODELS if found is None else _families[found[1]]


def may_be_forwarded(path: str, root: str = "") -> bool:
    """Whether a path that is no operation's may be a method which is newer than the table.

    It is none where another HTTP method is asked for, where it belongs to another half of the API than models do, and
    where its verb is a collection's name: Google would make something there that nobody here hears of.
    """
    path = clean(path)
    collection, (name, verb) = _collection(path), split(path)
    if (
        len(name) > LONGEST
        or collection in _others
        or (root, collection, verb) in _verbs
        or not all(map(is_id, name.split("/")))
    ):
        return False
    return is_id(verb) and verb not in CHILDREN if verb else by_another_method(path, root) is None


def split(path: str) -> tuple[str, str]:
    """Name and verb of a path below `/{version}/` that stands for no operation, as written; both may be ""."""
    path = clean(path)
    name, colon, verb = path.rpartition(":")
    return (name, verb) if colon else (path, "")


def clean(path: str) -> str:
    """A decoded path as templates have it: some clients escape the colon twice, end in a slash, or double slashes.

    In a model's name a doubled slash stays: that is answered in Google's words for a bad name.
    """
    path = _COLON.sub(":", path).strip("/")
    return path if "//" not in path or path.startswith(_OF_MODELS) else _SLASHES.sub("/", path)


def _pattern(template: str) -> re.Pattern[str]:
    """Matches the paths of `template`; the group `name` is the name in the path.

    A star is one segment, two are any number of them; a model's id may have several, and may be missing, which is
    answered in Google's words for a bad name.
    """
    found = VARIABLE.search(template)
    if found is None:
        return re.compile(f"{re.escape(template)}(?P<name>)")
    segments = found[2].split("/")
    stars = {"*": ".*" if segments[0] == MODELS else "[^/]+", "**": ".+"}
    name = "/".join(stars.get(segment) or re.escape(segment) for segment in segments)
    before, after = template[: found.start()], template[found.end() :]
    return re.compile(f"{re.escape(before)}(?P<name>{name}){re.escape(after)}", re.DOTALL)


def _collection(path: str) -> str:
    """The first word of a path or template."""
    return path.partition("/")[0].partition(":")[0]


def _literal(template: str) -> str:
    """A template without what stands for a name."""
    return VARIABLE.sub(r"\2", template).replace("*", "")


def _all_rows() -> Iterator[tuple[tuple[str, str, str, str], str, Operation]]:
    for operation in table.OPERATIONS:
        for template in (operation.template, *operation.also):
            collection = _collection(_literal(template))
            verb = template.partition(":")[2]
            for root in (operation.root, *operation.other_roots):
                yield (root, operation.http, collection, verb), template, operation


def _indexed() -> dict[tuple[str, str, str, str], list[tuple[re.Pattern[str], Operation]]]:
    """The rows by root, HTTP method, collection and verb; of those that fit the same path, the most literal first."""
    rows: dict[tuple[str, str, str, str], list[tuple[re.Pattern[str], Operation]]] = {}
    for key, template, operation in sorted(_all_rows(), key=lambda row: -len(_literal(row[1]))):
        rows.setdefault(key, []).append((_pattern(template), operation))
    return rows


_rows = _indexed()
_verbs = {(root, collection, verb) for root, _, collection, verb in _rows if verb}
_of_models = {
    _collection(_literal(each.template)) for each in table.OPERATIONS if each.served and each.family is Family.MODELS
}
_others = {_collection(_literal(each.template)) for each in table.OPERATIONS} - _of_models
_families = {
    _collection(_literal(each.template)): each.family
    for each in table.OPERATIONS
    if each.family in (Family.INTERACTIONS, Family.OPENAI)
}
_OTHER_FAMILIES = re.compile(rf"/(?:{'|'.join(VERSIONS)})/+({'|'.join(_families)})(?=[/:]|$)")
