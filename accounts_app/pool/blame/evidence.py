"""Failures by conversation, kept in memory and bounded: an account or path is suspected when several agree.

A *conversation* is an affinity key. One client that repeats a request is one conversation, however often it asks, so it
proves nothing by itself.
"""

from collections import OrderedDict
from collections.abc import Collection, Hashable

FORGOTTEN_AFTER = 600.0  # seconds
LARGEST = 64  # entries for one account or path (for an account: models and kinds of trouble)

CONVERSATIONS = 4096
REFUSED_BY = 64  # accounts that are remembered of one conversation

REQUESTS = 1024
SAME_WITHIN = 300.0  # seconds


class Evidence:
    """Conversations in a row that failed alike at the same place.

    A place is `owner` (an account, a path) and `about` (a model and the kind of trouble).
    """

    __slots__ = ("_of",)

    def __init__(self) -> None:
        self._of: dict[Hashable, OrderedDict[Hashable, tuple[float, tuple[int, ...]]]] = {}

    def __repr__(self) -> str:
        return f"<Evidence on {len(self._of)}>"

    def add(self, owner: Hashable, about: Hashable, conversation: int, needed: int, now: float) -> bool:
        """Add a failure of one conversation. Returns whether `needed` different ones in a row have failed so by now."""
        known = self._of.setdefault(owner, OrderedDict())
        since, witnesses = known.pop(about, (now, ()))
        if now - since > FORGOTTEN_AFTER:
            witnesses = ()
        if conversation not in witnesses:
            witnesses = (*witnesses, conversation)
        if len(witnesses) >= needed:
            self._tidy(owner, known)
            return True
        known[about] = (now, witnesses)
        while len(known) > LARGEST:
            known.popitem(last=False)
        return False

    def clear(self, owner: Hashable, abouts: Collection[Hashable]) -> None:
        """Forget the failures of a place that works."""
        if known := self._of.get(owner):
            for about in abouts:
                known.pop(about, None)
            self._tidy(owner, known)

    def forget(self, owners: Collection[Hashable]) -> None:
        """Forget all about these owners."""
        for owner in owners:
            self._of.pop(owner, None)

    def _tidy(self, owner: Hashable, known: OrderedDict[Hashable, tuple[float, tuple[int, ...]]]) -> None:
        if not known:
            del self._of[owner]


class Refusals:
    """Which accounts refused a conversation, and which one answered it: its next call goes there at once."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: OrderedDict[Hashable, tuple[tuple[int, ...], int | None]] = OrderedDict()

    def __repr__(self) -> str:
        return f"<Refusals of {len(self._known)} conversations>"

    def __len__(self) -> int:
        return len(self._known)

    def of(self, conversation: Hashable) -> tuple[tuple[int, ...], int | None]:
        """The accounts that refused it, and the one that answered it, if any."""
        return self._known.get(conversation, ((), None)) if self._known else ((), None)

    def add(self, conversation: Hashable, refused: Collection[int], answered: int | None) -> None:
        """Add what one call of the conversation met."""
        before, answered_before = self._known.pop(conversation, ((), None))
        refusing = [account for account in (*before, *refused) if account != answered]
        self._known[conversation] = (tuple(dict.fromkeys(refusing))[-REFUSED_BY:], answered or answered_before)
        while len(self._known) > CONVERSATIONS:
            self._known.popitem(last=False)


class FailedRequests:
    """Fingerprints of requests, and when a call with each failed: a request that failed twice is itself to blame."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: OrderedDict[Hashable, tuple[float, ...]] = OrderedDict()

    def __repr__(self) -> str:
        return f"<FailedRequests {len(self._known)}>"

    def __len__(self) -> int:
        return len(self._known)

    def add(self, request: Hashable, now: float) -> None:
        """A call with it has failed."""
        self._known[request] = (*self._known.pop(request, ())[-1:], now)
        while len(self._known) > REQUESTS:
            self._known.popitem(last=False)

    def forget(self, request: Hashable) -> None:
        """A call with it was answered."""
        self._known.pop(request, None)

    def is_known(self, request: Hashable, now: float) -> bool:
        """Whether two calls with it failed within the last five minutes."""
        failed = self._known.get(request, ())
        return len(failed) == 2 and now - failed[0] <= SAME_WITHIN
