"""The one object that knows who is borrowed, who rests and who is parked; `leasing` is its face.

Verdicts take effect in memory at once and are journalled for the other nodes and the next start. What the roster brings
(other nodes' rests, an operator's clearing, parks) is merged in, but for what this process has decided and no snapshot
shows yet. All of it is synchronous and happens on the event loop.
"""

from collections.abc import Collection
from dataclasses import dataclass, field, replace

from accounts_app import journal, roster
from accounts_app.leasing import rows as leasing_rows
from accounts_app.leasing.rows import LAST_USED, PARK, REST, ParkRow, RestRow, UseRow
from accounts_app.pool.board import WHOLE_ACCOUNT, Board
from accounts_app.pool.cooldown import Rest, RestState, cleared, next_rest, state
from accounts_app.pool.outcomes import Effect, Fault, Outcome, verdict_of
from accounts_app.roster import AccountView, RestKey, Roster

# How often an account's last use is written down: it is for people to read, and for renewing tokens of those in use.
USE_NOTED_EVERY = 30.0

# What an account is parked for when the fault does not say.
DEFAULT_PARK = {Outcome.REVOKED: "sign_in", Outcome.UNAUTHENTICATED: "sign_in", Outcome.NEEDS_OWNER: "verify"}


class NothingAvailable(Exception):
    """No account can answer now.

    `soonest` is when one will (seconds, epoch; None when none will by itself). `connected` counts the accounts that are
    enabled, `parked` those of them that wait for a person, `members` those in service that may serve this model.
    """

    def __init__(self, soonest: float | None, connected: int, parked: int, members: int = 0) -> None:
        super().__init__(f"soonest {soonest}, {connected} connected, {parked} parked, {members} for this model")
        self.soonest = soonest
        self.connected = connected
        self.parked = parked
        self.members = members


@dataclass(slots=True)
class CallFaults:
    """What one call has met so far, over all its accounts. A 429 that says nothing, met twice, is about the call."""

    bare: list[tuple[int, str, Rest | None, Rest]] = field(default_factory=list)  # account, model, rest before, after

    def judged(self, account: int, fault: Fault) -> Fault:
        """`fault`, met on `account`, in the light of the whole call."""
        if fault.bare and any(account != other for other, *_ in self.bare):
            return replace(fault, outcome=Outcome.BARE_429)
        return fault


@dataclass(frozen=True, slots=True)
class Borrowed:
    """An account lent to a call. `probed` are the rests it tries out, by model ("" for the whole account's)."""

    account: AccountView
    model: str
    why: str
    probed: tuple[str, ...]


class Lender:
    """What this process has lent out and decided; `_rests` and `_parks` are decisions that no snapshot shows yet."""

    def __init__(self) -> None:
        self.board = Board()
        self.last_used: dict[int, float] = {}
        self._seen: Roster | None = None
        self._now = 0.0  # the latest that a call has told: giving back and catching up have no clock of their own
        self._rests: dict[RestKey, Rest] = {}
        self._parks: dict[int, ParkRow] = {}

    def __repr__(self) -> str:
        unseen = f"{len(self._rests)} rests and {len(self._parks)} parks to be seen"
        return f"<Lender {self.board.in_flight} in flight, {unseen}>"

    def borrow(self, model: str, affinity: int, tried: Collection[int], now: float) -> Borrowed:
        """Choose an account and count the call on it. Raises NothingAvailable, RosterUnavailable."""
        self._now = max(self._now, now)
        snapshot = self.catch_up()
        choice = self.board.choose(snapshot.settings.strategy, model, affinity, tried, now)
        if choice is None:
            lineup = self.board.lineup(model, now)
            soonest, members = lineup.soonest(now), len(lineup.members)
            raise NothingAvailable(soonest, self.board.connected, self.board.out_of_service, members)
        probed = self.board.borrow(choice.account, model, now)
        self._note_use(choice.account, now)
        why = f"{choice.why}, first try after a rest" if probed else choice.why
        return Borrowed(snapshot.accounts[choice.account], model, why, tuple(probed))

    def borrow_this(self, account: int, model: str, why: str, now: float) -> Borrowed:
        """Count a call on an account that somebody has named, however it feels. Raises KeyError, RosterUnavailable."""
        self._now = max(self._now, now)
        view = self.catch_up().accounts[account]
        probed = self.board.borrow(account, model, now)
        self._note_use(account, now)
        return Borrowed(view, model, why, tuple(probed))

    def again(self, borrowed: Borrowed, now: float) -> Borrowed:
        """The same account is asked once more by the same call."""
        self._now = max(self._now, now)
        probed = self.board.probe(borrowed.account.id, borrowed.model, now)
        return replace(borrowed, probed=tuple({*borrowed.probed, *probed})) if probed else borrowed

    def give_back(self, borrowed: Borrowed) -> None:
        """The call is over."""
        self.board.give_back(borrowed.account.id, borrowed.model, borrowed.probed, self._now)

    def settle(self, borrowed: Borrowed, fault: Fault, call: CallFaults, since: float, now: float) -> Fault:
        """Let a fault of an attempt begun at `since` take effect; returns it as judged in the light of the call."""
        self._now = max(self._now, now)
        account, model = borrowed.account.id, borrowed.model
        fault = call.judged(account, fault)
        if fault.outcome is Outcome.BARE_429:
            self._lift_bare(call, now)
        if fault.outcome is not Outcome.ABANDONED:
            self._watch(account, model, fault.outcome, now)
        match verdict_of(fault).effect:
            case Effect.CLEAR:
                self.clear(account, model, since, now)
            case Effect.REST:
                self._rest(account, model, fault, call, now)
            case Effect.PARK:
                self._park(account, fault, now)
            case Effect.EXPIRE_TOKEN | Effect.NOTHING:
                pass
        return fault

    def clear(self, account: int, model: str, since: float, now: float) -> None:
        """End the rests that a call begun at `since` has proven over.

        A rest laid after that is not: a long stream that ends well says nothing of the quota that ran out meanwhile.
        """
        for of in (WHOLE_ACCOUNT, model):
            rest = self.board.rest(account, of)
            if rest is not None and state(rest, since) is RestState.HALF_OPEN:
                self._lay(account, of, cleared(now), now)

    def catch_up(self) -> Roster:
        """Take over what the newest snapshot brings. Raises RosterUnavailable.

        It goes by the last call's clock. A rest that has ended since is noticed by the next call.
        """
        snapshot = roster.current()
        seen = self._seen
        if snapshot is seen:
            return snapshot
        self._seen = snapshot
        self.board.protection = snapshot.settings.quota_protection
        if seen is not None and snapshot.version == seen.version + 1:
            changed, rests = set(snapshot.changed_accounts), set(snapshot.changed_rests)
        else:
            changed = set(snapshot.accounts) | set(self.board.accounts)
            rests = set(snapshot.rests) | (set(seen.rests) if seen else set())
        self._forget_seen(snapshot, changed, rests)
        self.board.update(snapshot.accounts, changed, self._now)
        for account, model in rests - self._rests.keys():
            self.board.set_rest(account, model, snapshot.rests.get((account, model)), self._now)
        return snapshot

    def _forget_seen(self, snapshot: Roster, changed: set[int], rests: set[RestKey]) -> None:
        """Leave to the snapshot what it was read late enough to show, adding it to what has changed."""
        for key, rest in list(self._rests.items()):
            gone = key[0] not in snapshot.accounts
            if gone or leasing_rows.written_before((REST, *key), rest, snapshot.loaded_at):
                del self._rests[key]
                rests.add(key)
        for account, row in list(self._parks.items()):
            gone = account not in snapshot.accounts
            if gone or leasing_rows.written_before((PARK, account), row, snapshot.loaded_at):
                del self._parks[account]
                self.board.parked.pop(account, None)
                changed.add(account)

    def _rest(self, account: int, model: str, fault: Fault, call: CallFaults, now: float) -> None:
        lineup = self.board.lineup(model, now)
        if fault.outcome is Outcome.OVERLOADED and lineup.breaker.is_open(now):
            return
        of = WHOLE_ACCOUNT if fault.whole_account else model
        before = self.board.rest(account, of)
        rest = next_rest(fault, before, now, alone=len(lineup.members) <= 1)
        if rest is not before:
            self._lay(account, of, rest, now)
        if fault.bare:
            call.bare.append((account, of, before, rest))

    def _lift_bare(self, call: CallFaults, now: float) -> None:
        """The first account's bare 429 was the request's doing: undo its rest, unless something came since."""
        for account, of, before, rest in call.bare:
            if self.board.rest(account, of) is rest and rest is not before:
                self._lay(account, of, replace(before, stamp=now) if before else cleared(now), now)
        call.bare.clear()

    def _watch(self, account: int, model: str, outcome: Outcome, now: float) -> None:
        """Tell the breaker; when it opens, the rests that this outage has already cost are taken back."""
        breaker = self.board.lineup(model, now).breaker
        if not breaker.record(account, outcome, now):
            return
        for sufferer in breaker.accounts_with(Outcome.OVERLOADED):
            rest = self.board.rest(sufferer, model)
            if rest is not None and rest.reason == Outcome.OVERLOADED.value:
                self._lay(sufferer, model, cleared(now), now)

    def _lay(self, account: int, model: str, rest: Rest, now: float) -> None:
        self.board.set_rest(account, model, rest, now)
        self._rests[account, model] = rest
        journal.append(REST, RestRow(account, model, rest))

    def _park(self, account: int, fault: Fault, now: float) -> None:
        reason = fault.parked or DEFAULT_PARK[fault.outcome]
        row = ParkRow(account, reason, fault.message, fault.link, now)
        self._parks[account] = row
        self.board.park(account, reason, now)
        journal.append(PARK, row)

    def _note_use(self, account: int, now: float) -> None:
        if now - self.last_used.get(account, 0.0) >= USE_NOTED_EVERY:
            self.last_used[account] = now
            journal.append(LAST_USED, UseRow(account, now))
