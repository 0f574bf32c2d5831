"""Which operations accounts of each kind can answer, as the dialects of proxy_app declare."""

from collections.abc import Iterable

_operations: dict[str, frozenset[str]] = {}


def declare(kind: str, operations: Iterable[str]) -> None:
    """Accounts of this kind can answer these operations, and no others."""
    _operations[kind] = frozenset(operations)


def can(kind: str, operation: str) -> bool:
    return operation in _operations.get(kind, ())
