"""Which operation a client's path stands for, and the name that stands in it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from proxy_app.wire.operations import table
from proxy_app.wire.operations.columns import Operation
from proxy_app.wire.resource_names import MODELS


@dataclass(frozen=True, slots=True)
class Target:
    """What a path stands for: the operation, and the name in the path as it is written ("" where there is none)."""

    operation: Operation
    name: str = ""


_COLON = re.compile("%3a", re.IGNORECASE)
_VARIABLE = re.compile(r"\{\w+=([^}]+)\}")
_METHODS = ("POST", "GET", "PATCH", "PUT", "DELETE")


def find(http: str, path: str, root: str = "") -> Target | None:
    """The operation of the HTTP method `http` on a decoded path below `/{version}/`; None for none. HEAD is GET.

    A verb follows the last colon: a model's id may hold colons and slashes itself. The verb of any operation is never
    part of an id.
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
    """The operation that a path stands for by any HTTP method."""
    return next((found.operation for http in _METHODS if (found := find(http, path, root))), None)


def split(path: str) -> tuple[str, str]:
    """Name and verb of a path below `/{version}/` that stands for no operation, as written; both may be ""."""
    path = clean(path)
    name, colon, verb = path.rpartition(":")
    return (name, verb) if colon else (path, "")


def clean(path: str) -> str:
    """A decoded path as templates have it: some clients escape the colon twice, or end in a slash."""
    return _COLON.sub(":", path).rstrip("/")


def _pattern(template: str) -> re.Pattern[str]:
    """Matches the paths of `template`; the group `name` is the name in the path.

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
    for operation in table.OPERATIONS:
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
