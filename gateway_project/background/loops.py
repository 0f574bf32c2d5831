"""What a node does beside answering calls: keeps the roster fresh, writes the journal, plays the demo's upstream."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

from django.db import Error as DatabaseError

from accounts_app import http_client, roster
from accounts_app.actions import sign_in
from accounts_app.api_keys import usage
from accounts_app.credentials import quota, tokens
from accounts_app.status import webhook
from accounts_app.storage import journal, real_accounts, worker
from emulator import Emulator, Style
from gateway_project.background import upkeep
from proxy_app.forwarding import path_probes, rechecks

log = logging.getLogger(__name__)

# The roster is at most a second old and the journal at most a second late (both take a while themselves).
ROSTER_SECONDS = 0.5
JOURNAL_SECONDS = 0.5
# Tokens are renewed from ten minutes ahead; looking costs nothing where none is due.
TOKENS_SECONDS = 30.0
# Accounts that need their owners are asked after a minute at the soonest.
CHECKS_SECONDS = 5.0
# A path that is down is tried again after a second at the soonest.
PATHS_SECONDS = 0.25
# Quotas are looked at every quarter of an hour while an account is in use; this is how often we see whose turn it is.
QUOTA_SECONDS = 60.0
# Old rows can wait; figures over a week are the quicker the sooner the hours are folded.
TIDY_SECONDS = 60.0
# What needs a person is told in seconds; without a webhook it costs a query.
WEBHOOK_SECONDS = 10.0
# The end goes on as soon as the database takes nothing for this long, and after the longest in any case; what is not
# written by then is lost, and logged.
LAST_WORDS_SECONDS, LONGEST_LAST_WORDS = 2.0, 10.0
# A database that hangs must not keep a node from answering with what it has.
FIRST_LOOK_SECONDS = 10.0
# Of one trouble, before it is over: more would be one error with a number in its text.
ERRORS_TOLD = 20


class Background:
    """The loops of one event loop, from the moment it is made until `stop`.

    `quota_seconds` lie between two looks for quotas that are due, and before the first: a start asks nobody anything.
    """

    def __init__(self, quota_seconds: float = QUOTA_SECONDS) -> None:
        self.loop = asyncio.get_running_loop()
        self.has_looked = asyncio.Event()
        self._looked_enough = self.loop.call_later(FIRST_LOOK_SECONDS, self.has_looked.set)
        self._demo: Emulator | None = None
        self._accounts_noted = False
        self._tasks = [
            self.loop.create_task(repeat("The roster is not up to date", self._look, ROSTER_SECONDS)),
            self.loop.create_task(repeat("The journal is not being written", journal.flush, JOURNAL_SECONDS)),
            self.loop.create_task(repeat("Tokens are not renewed ahead", self._renew, TOKENS_SECONDS)),
            self.loop.create_task(repeat("Parked accounts are not checked", self._check, CHECKS_SECONDS)),
            self.loop.create_task(repeat("Paths that are down stay so", self._probe, PATHS_SECONDS)),
            self.loop.create_task(repeat("Quotas are not known", self._weigh, quota_seconds, at_once=False)),
            self.loop.create_task(repeat("The webhook is not told", webhook.send_due, WEBHOOK_SECONDS, at_once=False)),
            self.loop.create_task(repeat("Old rows stay", upkeep.tidy, TIDY_SECONDS, at_once=False)),
        ]

    async def stop(self) -> None:
        """
        1. End the loops; let token renewals and sign-ins under way end, as what they were given is good only once.
        2. Write what the journal holds.
        3. Close connections and threads.
        """
        self._looked_enough.cancel()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(quota.cancel(), tokens.finish(), sign_in.finish(), path_probes.finish())
        await self._last_words()
        await http_client.close_all()
        if self._demo is not None:
            roster.set_demo_upstream(None)
            self._demo.stop()
        await asyncio.to_thread(worker.shutdown, LAST_WORDS_SECONDS)

    async def _last_words(self) -> None:
        """Write what the journal holds, for as long as the database takes it."""
        writing = asyncio.ensure_future(journal.flush(force=True))
        end = self.loop.time() + LONGEST_LAST_WORDS
        left = journal.pending() + 1
        while not writing.done() and journal.pending() < left and self.loop.time() < end:
            left = journal.pending()
            await asyncio.wait({writing}, timeout=LAST_WORDS_SECONDS)
        if journal.pending():
            log.error("%d rows of the journal are lost: the database is away.", journal.pending())

    async def _renew(self) -> None:
        await self.has_looked.wait()
        await tokens.renew_due(time.time())

    async def _check(self) -> None:
        await self.has_looked.wait()
        await rechecks.check_due(time.monotonic())

    async def _probe(self) -> None:
        await self.has_looked.wait()
        await path_probes.probe_due()

    async def _weigh(self) -> None:
        await self.has_looked.wait()
        await quota.update_due(time.time())

    def _note_accounts(self, known: roster.Roster) -> None:
        """Once there are accounts, the demo account is out for good, whatever becomes of them."""
        if self._accounts_noted or not any(not account.is_demo for account in known.accounts.values()):
            return
        real_accounts.note()
        self._accounts_noted = True
        roster.set_demo_upstream(None)

    async def _look(self) -> None:
        try:
            await roster.refresh()
            await usage.refresh()
            self._note_accounts(roster.current())
            if self._demo is None and demo_answers(roster.current()):
                # It then runs until the end, idle once there is a real account: calls under way may still be talking
                # to it, and a thread that waits costs nothing.
                self._demo = await asyncio.to_thread(demo_emulator)
                roster.set_demo_upstream(self._demo.url)
                await roster.refresh()
        finally:
            self.has_looked.set()


def demo_answers(known: roster.Roster) -> bool:
    """Whether nobody but the demo account is there to answer, and nobody else ever was."""
    only = any(account.is_demo and not account.standby for account in known.accounts.values())
    return only and not real_accounts.have_been()


def demo_emulator() -> Emulator:
    """An emulator that takes any token, on a free port; its streams are slow enough to be seen."""
    return Emulator(any_credentials=True, controllable=False, style=Style(gap=0.02)).start()


async def repeat(trouble: str, work: Callable[[], Awaitable[None]], pause: float, *, at_once: bool = True) -> None:
    """Does `work` again and again, `pause` seconds between. Each error is logged once, until all are over."""
    known: set[str] = set()
    if not at_once:
        await asyncio.sleep(pause)
    while True:
        # Gathered, so that an error is a result: a loop that dies of one would be missed much too late.
        (error,) = await asyncio.gather(work(), return_exceptions=True)
        if error is None:
            if known:
                log.warning("Over: %s.", trouble)
            known.clear()
        elif (told := f"{type(error).__name__}: {error}") not in known and len(known) < ERRORS_TOLD:
            known.add(told)
            log.error("%s: %s", trouble, error, exc_info=None if isinstance(error, DatabaseError) else error)
        await asyncio.sleep(pause)


_background: Background | None = None


def is_running() -> bool:
    """Whether the loops belong to the running event loop; with another one (each test has its own) they start anew."""
    return _background is not None and _background.loop is asyncio.get_running_loop()


async def start() -> None:
    """Starts the loops unless they run; returns when the database was read once, or could not be (in time)."""
    global _background
    if _background is None or not is_running():
        _background = Background()
    await _background.has_looked.wait()


async def stop() -> None:
    """Ends the loops; the journal's last rows are written before it returns."""
    global _background
    ending, _background = _background, None
    if ending is not None:
        await ending.stop()
