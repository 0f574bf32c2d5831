"""What conversations tell of accounts and paths, kept in memory and bounded: a guess needs more than one witness.

A *conversation* is an affinity key. One client that repeats a request is one conversation however often it asks, so it
proves nothing by itself.
"""

from collections import OrderedDict
from collections.abc import Collection, Hashable

FORGOTTEN_AFTER = 600.0  # seconds
LARGEST = 64  # things that are known of one account (models, mostly)

CONVERSATIONS = 4096
REFUSED_BY = 64  # accounts one conversation remembers

REQUESTS = 1024
SAME_WITHIN = 300.0  # seconds


class Evidence:
    """Conversations in a row that met the same trouble at the same place.

    A place is `owner` (an account, a path) and `about` (a model and the kind of trouble).
    """

    __slots__ = ("_of",)

    def __init__(self) -> None:
        self._of: dict[Hashable, OrderedDict[Hashable, tuple[float, tuple[int, ...]]]] = {}

    def __repr__(self) -> str:
        return f"<Evidence on {len(self._of)}>"

    def add(self, owner: Hashable, about: Hashable, conversation: int, needed: int, now: float) -> bool:
        """Take in what one conversation met; whether `needed` different ones in a row have met it now."""
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
        """The place does well: the row is broken."""
        if known := self._of.get(owner):
            for about in abouts:
                known.pop(about, None)
            self._tidy(owner, known)

    def forget(self, owners: Collection[Hashable]) -> None:
        """They are gone."""
        for owner in owners:
            self._of.pop(owner, None)

    def _tidy(self, owner: Hashable, known: OrderedDict[Hashable, tuple[float, tuple[int, ...]]]) -> None:
        if not known:
            del self._of[owner]


class Refusals:
    """Who refused a conversation, and who answered it then: it goes there at once the next time."""

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
        """Take in how one call of the conversation went."""
        before, answered_before = self._known.pop(conversation, ((), None))
        refusing = [account for account in (*before, *refused) if account != answered]
        self._known[conversation] = (tuple(dict.fromkeys(refusing))[-REFUSED_BY:], answered or answered_before)
        while len(self._known) > CONVERSATIONS:
            self._known.popitem(last=False)


class FailedRequests:
    """Requests by their fingerprints, and when a call with each failed: one that failed twice is to blame itself."""

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
        """Whether it failed in two calls within five minutes of now."""
        failed = self._known.get(request, ())
        return len(failed) == 2 and now - failed[0] <= SAME_WITHIN
