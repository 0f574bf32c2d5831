"""Counts what the process and its database hold: entries of each container, rows of each table."""

import functools
import sys
from collections import deque
from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.core.cache import cache
from django.db.models import Model

ROOMS = ("accounts_app", "proxy_app", "gateway_project")
CACHE = functools._lru_cache_wrapper
CONTAINERS = (dict, list, set, frozenset, tuple, deque)


def entries() -> dict[str, int]:
    """The number of entries of every container that our modules hold, at any depth, by its path."""
    found: dict[str, int] = {"cache": len(getattr(cache, "_cache", ()))}
    seen: set[int] = set()
    for name, module in sorted(sys.modules.items()):
        if name.partition(".")[0] in ROOMS and ".migrations" not in name:
            for attribute, value in vars(module).items():
                if not attribute.startswith("__") and _is_ours(value):
                    _walk(f"{name}.{attribute}", value, found, seen)
    return found


def rows() -> dict[str, int]:
    """The number of rows of each table."""
    return {model._meta.label: model._default_manager.count() for model in apps.get_models()}


def growth(before: dict[str, int], after: dict[str, int]) -> dict[str, int]:
    """The counts that have grown, and by how much."""
    return {name: count - before.get(name, 0) for name, count in after.items() if count > before.get(name, 0)}


def _walk(where: str, value: Any, found: dict[str, int], seen: set[int]) -> None:
    left = [(where, value)]
    while left:
        where, value = left.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, CACHE):
            found[where] = found.get(where, 0) + value.cache_info().currsize
        elif isinstance(value, CONTAINERS):
            # What is in one container is counted under one path: ten thousand small sets in a map are many entries too.
            found[where] = found.get(where, 0) + len(value)
            inner = list(value.values()) + list(value) if isinstance(value, dict) else list(value)
            left += [(f"{where}[]", each) for each in inner if _is_ours(each)]
        elif _is_ours(value):
            left += [(f"{where}.{name}", each) for name, each in _attributes(value) if _is_ours(each)]


def _is_ours(value: Any) -> bool:
    if isinstance(value, type | Model):
        return False
    return isinstance(value, (*CONTAINERS, CACHE)) or type(value).__module__.partition(".")[0] in ROOMS


def _attributes(value: Any) -> Iterator[tuple[str, Any]]:
    yield from getattr(value, "__dict__", {}).items()
    for kind in type(value).__mro__:
        slots = kind.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if hasattr(value, name):
                yield name, getattr(value, name)
