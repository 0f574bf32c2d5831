"""Which accounts share a way: the same endpoints in the same order, through the same egress."""

from collections.abc import Iterable

from accounts_app.pool.choice.eligibility import Candidate
from accounts_app.pool.paths.paths import Path, Paths, PathStatus

Key = tuple[tuple[str, ...], str]


class Way:
    """The paths of some accounts, in order of preference, and the status of the best of them when last read."""

    __slots__ = ("accounts", "paths", "serving", "status", "uses")

    def __init__(self, bases: Iterable[str], egress: str) -> None:
        self.paths = tuple(Path(base, egress) for base in bases)
        self.uses: tuple[Path | str, ...] = (*self.paths, egress)
        self.accounts: set[int] = set()
        self.serving: set[int] = set()  # those of them that are in service
        self.status = PathStatus.OPEN

    def __repr__(self) -> str:
        return f"<Way of {len(self.accounts)} accounts: {self.status.name}>"


class Ways:
    """The ways of all accounts. There are few: one for each kind of account and egress."""

    def __init__(self, paths: Paths) -> None:
        self.paths = paths
        self._of: dict[int, Way] = {}
        self._by_key: dict[Key, Way] = {}
        self._through: dict[Path | str, list[Way]] = {}  # path or egress -> the ways that use it

    def __repr__(self) -> str:
        return f"<Ways: {len(self._by_key)} of {len(self._of)} accounts>"

    def put(self, account: int, candidate: Candidate | None, now: float) -> None:
        """Set an account that is new or changed, or (None) gone."""
        old = self._of.pop(account, None)
        if old is not None:
            old.accounts.discard(account)
            old.serving.discard(account)
        if candidate is not None:
            key = (candidate.bases, candidate.proxy_url)
            way = self._by_key.get(key)
            if way is None:
                way = self._by_key[key] = Way(*key)
                way.status = self._status(way, now)
                for each in way.uses:
                    self._through.setdefault(each, []).append(way)
            way.accounts.add(account)
            if candidate.enabled and not candidate.standby and not candidate.parked:
                way.serving.add(account)
            self._of[account] = way

    def tidy(self) -> None:
        """Forget the ways that no account uses any more."""
        unused = [key for key, way in self._by_key.items() if not way.accounts]
        if unused:
            for key in unused:
                way = self._by_key.pop(key)
                for each in way.uses:
                    self._through[each].remove(way)
                    if not self._through[each]:
                        del self._through[each]
            self.paths.keep(self._through.keys())

    def of(self, account: int) -> Way:
        return self._of[account]

    def get(self, account: int) -> Way | None:
        return self._of.get(account)

    def best(self, account: int, tried: Iterable[Path], now: float) -> Path | None:
        """The account's next path: its first open one, else one that is used last; None if all are down or tried."""
        found, found_status = None, PathStatus.DOWN
        way = self._of.get(account)  # None for an account that was deleted meanwhile
        for path in way.paths if way is not None else ():
            if path not in tried and (status := self.paths.status(path, now)) < found_status:
                found, found_status = path, status
                if status is PathStatus.OPEN:
                    break
        return found

    def leaving_by(self, egress: str) -> set[int]:
        """The accounts that leave by an egress."""
        return {account for way in self._through.get(egress, ()) for account in way.accounts}

    def changed(self, now: float) -> list[int]:
        """The accounts whose way has another status than when last read."""
        found: list[int] = []
        for way in {way for each in self.paths.uneasy for way in self._through.get(each, ())}:
            status = self._status(way, now)
            if status is not way.status:
                way.status = status
                found.extend(way.accounts)
        self.paths.calm()
        return found

    @property
    def none_is_left(self) -> bool:
        """Whether no account in service has a path that takes a connection."""
        serving = [way for way in self._by_key.values() if way.serving]
        return bool(serving) and all(way.status is PathStatus.DOWN for way in serving)

    def _status(self, way: Way, now: float) -> PathStatus:
        return min((self.paths.status(path, now) for path in way.paths), default=PathStatus.OPEN)
