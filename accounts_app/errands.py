"""What an operator sends the gateway out for: tokens renewed, quotas fetched, now and for chosen accounts."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Errand:
    """How it went for one account: `trouble` is empty when it went well."""

    email: str
    trouble: str = ""


def renew_tokens(ids: Collection[int]) -> Iterator[Errand]:
    yield from ()


def fetch_quotas(ids: Collection[int]) -> Iterator[Errand]:
    yield from ()
