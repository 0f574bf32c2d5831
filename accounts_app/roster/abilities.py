"""Which operations accounts of each kind can answer, as proxy_app's dialects tell."""

from collections.abc import Iterable

_operations: dict[str, frozenset[str]] = {}


def tell(kind: str, operations: Iterable[str]) -> None:
    """Accounts of this kind can answer these operations, and no others."""
    _operations[kind] = frozenset(operations)


def can(kind: str, operation: str) -> bool:
    return operation in _operations.get(kind, ())
