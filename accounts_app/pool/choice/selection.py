"""Which account answers a call: pure choices over the accounts that can serve one model now.

Consistent hashing with bounded loads (Mirrokni, Thorup, Zadimoghaddam 2017): every account has places on a ring, a
conversation's affinity key is one too, and the next account clockwise that can serve and is below its fair share of the
calls in flight gets the call. There is no table of sessions, every node chooses alike, and an account that drops out
moves only its own sessions.

What changes often is not part of the ring. Which accounts can serve now is an argument; what is left of an account's
quota says how many of its places count (`quarters`).
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b
from heapq import heappop, heappush
from itertools import chain, cycle
from math import ceil
from struct import unpack

# How far above its fair share an account may be loaded. At 1.25 a call passes over a handful of accounts in the worst
# case, and no account has more than a quarter above its share.
ROOM_NUMERATOR, ROOM_DENOMINATOR = 5, 4

# An account's places come in four quarters, and what is left of its quota says how many of them count. Four steps:
# finer ones would move sessions (and lose their prompt caches) for differences without effect.
QUARTERS = 4

# Places per quarter and unit of weight. A free account (weight 2) then has 32: with ten accounts their shares of the
# sessions spread by about a sixth, and ten thousand accounts make a ring of 5 MB.
PLACES = 4

_KEY_MASK = (1 << 64) - 1
_PLACES_PER_HASH = 8  # a 64-byte BLAKE2b digest is eight places


class Strategy(StrEnum):
    """How the operator wants accounts to be chosen."""

    CONSISTENT_HASH = "consistent_hash"  # session affinity
    ROUND_ROBIN = "round_robin"  # per model
    FILL_FIRST = "fill_first"  # one account until it cannot, then the next


@dataclass(frozen=True, slots=True)
class Choice:
    """The account chosen, and why, in words for the request log."""

    account: int
    why: str


@dataclass(frozen=True, slots=True)
class Load:
    """Calls in flight for one model: per account, and in all."""

    of: Mapping[int, int]
    total: int


def quarters(remaining: float | None) -> int:
    """How many quarters of an account's places count, 1..4, when `remaining` (0..1, None unknown) of its quota is left.

    Never none: what upstream shows as left is not always what it enforces, so an account that looks spent is still
    asked sometimes.
    """
    if remaining is None:
        return QUARTERS
    return min(max(ceil(remaining * QUARTERS), 1), QUARTERS)


def bound(in_flight: int, weight: int, total_weight: int) -> int:
    """How many calls an account of `weight` may have in flight once one more than `in_flight` are.

    ceil(1.25 x (in_flight + 1) x weight / total_weight). The bounds of all accounts add up to more than the calls, so
    one account is always below.
    """
    return -(-ROOM_NUMERATOR * (in_flight + 1) * weight // (ROOM_DENOMINATOR * total_weight))


class Ring:
    """The places of all accounts, sorted. Immutable: `changed()` returns another one."""

    __slots__ = ("_owners", "_places", "accounts", "weights")

    def __init__(self, weights: Mapping[int, int] | None = None) -> None:
        self.weights: Mapping[int, int] = dict(weights or {})
        self.accounts: Sequence[int] = sorted(self.weights)
        # Sorting bare numbers is several times quicker than sorting pairs. Two accounts on one place are not handled:
        # that happens once in a hundred million rings of ten thousand.
        owner_of = dict(chain.from_iterable(map(_places, self.accounts, map(self.weights.__getitem__, self.accounts))))
        self._places = array("Q", sorted(owner_of))
        self._owners = array("q", map(owner_of.__getitem__, self._places))

    def __repr__(self) -> str:
        return f"<Ring {len(self.accounts)} accounts, {len(self._places)} places>"

    def __len__(self) -> int:
        return len(self.accounts)

    def changed(self, weights: Mapping[int, int]) -> "Ring":
        """A ring with these accounts' weights set, or the accounts left out where the weight is 0."""
        new = {key: weight for key, weight in weights.items() if weight != self.weights.get(key, 0)}
        if not new:
            return self
        whole = {key: weight for key, weight in {**self.weights, **new}.items() if weight}
        if 4 * len(new) > len(whole):
            return Ring(whole)
        gone = chain.from_iterable(_places(key, self.weights[key]) for key in new if key in self.weights)
        come = chain.from_iterable(_places(key, weight) for key, weight in new.items() if weight)
        ring = Ring()
        ring.weights, ring.accounts = whole, sorted(whole)
        ring._places, ring._owners = self._merged(sorted(gone), sorted(come))
        return ring

    def clockwise(self, key: int) -> Iterable[int]:
        """The owners of the places from `key` on, each as account x 4 + quarter."""
        start = bisect_left(self._places, key & _KEY_MASK)
        owners = self._owners
        return map(owners.__getitem__, chain(range(start, len(owners)), range(start)))

    def _merged(self, gone: list[tuple[int, int]], come: list[tuple[int, int]]) -> tuple["array[int]", "array[int]"]:
        """The places and owners without those that go and with those that come, copied in stretches."""
        steps = sorted([(*pair, False) for pair in gone] + [(*pair, True) for pair in come])
        places, owners = array("Q"), array("q")
        done = 0
        for place, owner, arrives in steps:
            at = bisect_left(self._places, place, done)
            places += self._places[done:at]
            owners += self._owners[done:at]
            done = at
            if arrives:
                places.append(place)
                owners.append(owner)
            else:
                done += 1
        places += self._places[done:]
        owners += self._owners[done:]
        return places, owners


def by_affinity(
    ring: Ring,
    key: int,
    ready: Mapping[int, int],
    *,
    total_weight: int,
    load: Load,
    tried: Collection[int] = (),
) -> Choice | None:
    """The account that keeps the session `key`, or the next one clockwise with room.

    `ready` maps the accounts that can serve now to the quarters of their places that count. `total_weight` is the sum
    of weight x quarters over them. Among the accounts not `tried` one is always below the bound, so None means that all
    of `ready` have been tried.
    """
    weights = ring.weights
    left = total_weight - sum(weights[account] * ready[account] for account in set(tried) if account in ready)
    if left <= 0:
        return None
    passed: set[int] = set()
    for account in _nearest(ring, key, ready, tried):
        if account in passed:
            continue
        if load.of.get(account, 0) < bound(load.total, weights[account] * ready[account], left):
            return Choice(account, _why_affinity(len(passed)))
        passed.add(account)
    return None


def in_turn(accounts: Sequence[int], last: int, ready: Mapping[int, int], tried: Collection[int] = ()) -> Choice | None:
    """The first account after `last`, in the order of `accounts` (sorted), that is ready and not tried."""
    if _is_sparse(len(ready), len(accounts)):
        free = sorted(account for account in ready if account not in tried)
        chosen = next((account for account in free if account > last), free[0] if free else None)
    else:
        start = bisect_right(accounts, last)
        order = chain(range(start, len(accounts)), range(start))
        chosen = next((a for a in map(accounts.__getitem__, order) if a in ready and a not in tried), None)
    return None if chosen is None else Choice(chosen, "round robin")


class FillOrder:
    """The order in which accounts are filled: by priority, then by age. An account that comes back costs O(log n)."""

    __slots__ = ("_heap", "_queued")

    def __init__(self) -> None:
        self._heap: list[tuple[int, int]] = []
        self._queued: dict[int, int] = {}  # account -> its priority in the heap

    def add(self, account: int, priority: int) -> None:
        """An account became ready; one that is in the order already keeps its place."""
        if self._queued.get(account) != priority:
            self._queued[account] = priority
            heappush(self._heap, (priority, account))

    def first(self, ready: Callable[[int], bool], tried: Collection[int] = ()) -> Choice | None:
        """The first account that is ready and not tried."""
        passed: list[tuple[int, int]] = []
        chosen = None
        while self._heap and chosen is None:
            priority, account = self._heap[0]
            if self._queued.get(account) != priority:
                heappop(self._heap)
            elif not ready(account):
                heappop(self._heap)
                del self._queued[account]
            elif account in tried:
                passed.append(heappop(self._heap))
            else:
                chosen = account
        for place in passed:
            heappush(self._heap, place)
        return None if chosen is None else Choice(chosen, "fill first")


def first_by_priority(
    ready: Collection[int], priority: Mapping[int, int], tried: Collection[int] = ()
) -> Choice | None:
    """What a FillOrder would choose, for a few accounts."""
    left = [(priority.get(account, 0), account) for account in ready if account not in tried]
    return Choice(min(left)[1], "fill first") if left else None


def _nearest(ring: Ring, key: int, ready: Mapping[int, int], tried: Collection[int]) -> Iterable[int]:
    """The accounts that can serve, clockwise from `key`; an account may come more than once."""
    if _is_sparse(len(ready), len(ring)):
        return _nearest_of_few(ring, key, ready, tried)
    return (
        owner >> 2 for owner in ring.clockwise(key) if owner & 3 < ready.get(owner >> 2, 0) and owner >> 2 not in tried
    )


def _nearest_of_few(ring: Ring, key: int, ready: Mapping[int, int], tried: Collection[int]) -> list[int]:
    """The same without the ring: making the places of a few costs less than passing over all others."""
    key &= _KEY_MASK
    distances = []
    for account, counted in ready.items():
        if account not in tried:
            places = _places(account, ring.weights[account])
            nearest = min((place - key) & _KEY_MASK for place, owner in places if owner & 3 < counted)
            distances.append((nearest, account))
    return [account for _, account in sorted(distances)]


def _is_sparse(ready: int, accounts: int) -> bool:
    """Whether going through `ready` costs less than passing over accounts / ready places: 1 to 130, measured."""
    return 130 * ready * ready < accounts


def _places(account: int, weight: int) -> list[tuple[int, int]]:
    """An account's places, each with its owner: account x 4 + quarter. A heavier weight only adds places."""
    hashes = range(weight * QUARTERS * PLACES // _PLACES_PER_HASH)
    places = chain.from_iterable(_hash(b"%d/%d" % (account, number)) for number in hashes)
    return list(zip(places, cycle(range(account * QUARTERS, (account + 1) * QUARTERS)), strict=False))


def _hash(text: bytes) -> tuple[int, ...]:
    return unpack(">8Q", blake2b(text).digest())


def _why_affinity(passed_over: int) -> str:
    return "affinity" if not passed_over else f"affinity, {passed_over} passed over at their share"
