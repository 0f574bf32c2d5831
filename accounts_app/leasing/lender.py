"""The one object that holds which accounts are leased, cooling down or need attention; `leasing` is its interface.

Verdicts take effect in memory at once and are journalled for the other nodes and the next start. What the roster has
read since (other nodes' decisions, what an operator has cleared) replaces what is in memory, except decisions of this
process that are newer than the reading. All of it is synchronous and runs on the event loop.

Times in memory are monotonic, times in rows are by the wall clock; they are converted when rows are read or written.
So setting the wall clock moves no cooldown.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from time import monotonic, time

from msgspec import structs

from accounts_app import roster
from accounts_app.leasing import rows as leasing_rows
from accounts_app.leasing.rows import (
    COOLDOWN,
    LAST_USED,
    PUT_BACK,
    TAKEN_OUT,
    CooldownRow,
    LastUseRow,
    PutBackRow,
    TakenOutRow,
)
from accounts_app.leasing.usage.project_usage import ProjectUsage
from accounts_app.pool.blame.assignment import Assignment, Pause, Wanted
from accounts_app.pool.blame.attempts import Attempts
from accounts_app.pool.blame.blame import BILLING, Blame
from accounts_app.pool.blame.no_answer import NoAnswer
from accounts_app.pool.choice.board import WHOLE_ACCOUNT, Board
from accounts_app.pool.cooldowns.cooldown import Cooldown
from accounts_app.pool.outcomes import Fault
from accounts_app.roster import CooldownKey, Roster, known_models
from accounts_app.storage import journal

# An account's last use is written this often at most: it is shown to people, and tokens of accounts in use are renewed.
USE_NOTED_EVERY = 30.0

# Seconds by which a cooldown may differ from the row it was written to: columns hold microseconds.
_ROUNDING = 0.001


def ahead() -> float:
    """By how many seconds the wall clock is ahead of the monotonic one."""
    return time() - monotonic()


@dataclass(frozen=True, slots=True)
class _Unseen:
    """A decision on a cooldown that no reading shows yet, and how far ahead the wall clock was when it was made."""

    decision: object
    ahead: float


class Lender:
    """This process's leases and decisions. Cooldowns are on the board alone.

    `_unseen` and `_taken_out` are the decisions on cooldowns and accounts that no reading of the database shows yet.
    """

    def __init__(self, ahead: Callable[[], float] = ahead) -> None:
        self.blame = Blame(self, seed=int.from_bytes(os.urandom(4)) / 2**32)
        self.board.is_known = known_models.is_known
        self.usage = ProjectUsage(self.board)
        self.last_used: dict[int, float] = {}  # by the wall clock
        self._ahead = ahead
        self._seen: Roster | None = None
        self._now = 0.0  # the latest time passed in by a call; `catch_up` uses it
        self._unseen: dict[CooldownKey, _Unseen] = {}
        self._taken_out: dict[int, TakenOutRow] = {}

    def __repr__(self) -> str:
        unseen = f"{len(self._unseen)} cooldowns and {len(self._taken_out)} reasons to be seen"
        return f"<Lender {self.board.in_flight} in flight, {unseen}>"

    @property
    def board(self) -> Board:
        return self.blame.board

    def by_our_clock(self, wall: float) -> float:
        return wall - self._ahead()

    def on_the_wall(self, now: float) -> float:
        return now + self._ahead()

    def next(self, attempts: Attempts, now: float) -> Assignment | Pause | NoAnswer:
        """A call's next step, by the newest snapshot. Raises RosterUnavailable."""
        self._now = max(self._now, now)
        self.catch_up()
        step = attempts.next(now)
        if isinstance(step, Assignment):
            self._note_use(step.loan.account)
            if requests := attempts.wanted.requests:
                self.usage.add(step.loan.account, requests, 0, now, self.on_the_wall(now))
        return step

    def attempts(self, wanted: Wanted) -> Attempts:
        """The decisions of one call. Raises RosterUnavailable."""
        return Attempts(self.blame, structs.replace(wanted, strategy=self.catch_up().settings.strategy))

    def catch_up(self) -> Roster:
        """Apply the newest snapshot, once. Raises RosterUnavailable.

        The time is that of the last call: a cooldown that has ended since is noticed by the next one.
        """
        snapshot = roster.current()
        seen = self._seen
        if snapshot is seen:
            return snapshot
        board = self.board
        board.protection = snapshot.settings.quota_protection
        board.ahead = self._ahead()
        if seen is not None and snapshot.version == seen.version + 1:
            changed = set(snapshot.changed_accounts)
        else:
            changed = set(snapshot.accounts) | set(board.accounts)
        self._forget_seen(snapshot, changed)
        projects = snapshot.projects.values()
        board.membership.make_exclusive({each.id: each.exclusive_to for each in projects if each.exclusive_to})
        board.update(snapshot.accounts, changed, self._now)
        gone = changed - snapshot.accounts.keys()
        self.blame.forget(gone)
        for account in gone:
            self.last_used.pop(account, None)
        if gone:
            self._unseen = {key: unseen for key, unseen in self._unseen.items() if key[0] not in gone}
        for account in changed:
            candidate = snapshot.accounts.get(account)
            if candidate is not None and candidate.parked == BILLING:
                self.blame.try_each_hour(account, self._now)
        self.usage.catch_up(snapshot, self._now, self.on_the_wall(self._now))
        for changes in roster.take_cooldown_changes():
            for key, shown in changes.cooldowns.items():
                self._take_over(key, shown, changes.loaded_at)
        self._seen = snapshot
        return snapshot

    def cooldown(self, account: int, model: str, cooldown: Cooldown) -> None:
        """Journal a cooldown; one for an unknown model is kept in memory only."""
        if model != WHOLE_ACCOUNT and not self.board.is_known(model):
            return
        ahead = self._ahead()
        row = CooldownRow(account, model, _moved(cooldown, ahead))
        self._unseen[account, model] = _Unseen(row.decision, ahead)
        journal.append(COOLDOWN, row)

    def shorten(self, owner: int, model: str, until: float, now: float) -> None:
        """Let the cooldowns of an owner's accounts for a model end by `until`."""
        for account in self.board.membership.of_owner(owner):
            known = self.board.cooldowns.get(account, model)
            if known is not None and known.until > until:
                shorter = replace(known, until=until)
                self.board.set_cooldown(account, model, shorter, now)
                self.cooldown(account, model, shorter)

    def take_out(self, account: int, fault: Fault) -> None:
        """Journal that an account needs attention."""
        row = TakenOutRow(account, fault.parked, fault.message, fault.link, self.on_the_wall(self._now))
        self._taken_out[account] = row
        journal.append(TAKEN_OUT, row)

    def put_back(self, account: int, parked: str) -> None:
        """Journal that an account is back without an operator."""
        self._taken_out.pop(account, None)
        journal.append(PUT_BACK, PutBackRow(account, parked))

    def recovered(self, account: int, now: float) -> None:
        """Put an account that needed attention back in service: it has answered."""
        view = self.catch_up().accounts.get(account)
        if parked := self.board.taken_out.get(account) or (view.parked if view else ""):
            self.blame.put_back(account, parked, now)

    def _forget_seen(self, snapshot: Roster, changed: set[int]) -> None:
        """Forget the accounts taken out by decisions committed before the snapshot was read; from now on it counts.

        They are added to `changed`.
        """
        for account, out in list(self._taken_out.items()):
            gone = account not in snapshot.accounts
            if gone or leasing_rows.written_before((TAKEN_OUT, account), out, snapshot.loaded_at):
                self._taken_out.pop(account, None)
                self.board.taken_out.pop(account, None)
                changed.add(account)

    def _take_over(self, key: CooldownKey, shown: Cooldown | None, loaded_at: float) -> None:
        """Put on the board what a row shows, unless this process has decided since.

        One thread reads and writes rows: a decision was committed before a reading began, or changes the row after it
        and is shown by a later one. A row that shows our own decision says nothing new: the cooldown on the board is
        exact, and does not depend on the wall clock.
        """
        if (unseen := self._unseen.get(key)) is not None:
            if not leasing_rows.written_before((COOLDOWN, *key), unseen.decision, loaded_at):
                return
            del self._unseen[key]
            if _is_same(shown and _moved(shown, -unseen.ahead), self.board.cooldowns.get(*key)):
                return
        self.board.set_cooldown(*key, shown and _moved(shown, -self._ahead()), self._now)

    def _note_use(self, account: int) -> None:
        wall = self.on_the_wall(self._now)
        if abs(wall - self.last_used.get(account, 0.0)) >= USE_NOTED_EVERY:
            self.last_used[account] = wall
            journal.append(LAST_USED, LastUseRow(account, wall))


def _moved(cooldown: Cooldown, seconds: float) -> Cooldown:
    """The cooldown with all its times moved by so many seconds."""
    return replace(
        cooldown,
        until=cooldown.until + seconds,
        window_until=cooldown.window_until + seconds,
        stamp=cooldown.stamp + seconds,
    )


def _is_same(shown: Cooldown | None, known: Cooldown | None) -> bool:
    if shown is None or known is None:
        return shown is known
    same = (shown.reason, shown.streak) == (known.reason, known.streak)
    return same and abs(shown.until - known.until) < _ROUNDING
