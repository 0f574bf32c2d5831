"""The loops of a node beside answering calls: roster, journal, tokens, quotas, paths, upkeep, the demo's emulator."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

from django.db import Error as DatabaseError

from accounts_app import http_client, leasing, roster
from accounts_app.actions import sign_in
from accounts_app.api_keys import usage
from accounts_app.credentials import quota, tokens
from accounts_app.status import webhook
from accounts_app.storage import journal, real_accounts, worker
from emulator import Emulator, Style
from gateway_project.background import upkeep
from proxy_app.forwarding.checks import job_watch, path_probes, rechecks

log = logging.getLogger(__name__)

# With the time that each takes itself, the roster is at most a second old and the journal a second late.
ROSTER_SECONDS = 0.5
JOURNAL_SECONDS = 0.5
# Tokens are renewed from ten minutes before expiry; looking costs nothing where none is due.
TOKENS_SECONDS = 30.0
# An account that needs attention is checked after a minute at the soonest.
CHECKS_SECONDS = 5.0
# A path that is down is tried again after a second at the soonest.
PATHS_SECONDS = 0.25
# An account's quota is fetched every 15 minutes while it is in use; this is how often due accounts are looked for.
QUOTA_SECONDS = 60.0
# Old rows can wait; the sooner hours are folded, the faster figures over a week are read.
TIDY_SECONDS = 60.0
# An interaction that goes on in the background is asked about after a minute at the soonest.
JOBS_SECONDS = 10.0
# Notifications leave within seconds; without a webhook this costs a query.
WEBHOOK_SECONDS = 10.0
# At the end, the journal is written until the database takes no row for the first of these, and for the second at most.
# What is not written by then is lost, and logged.
FLUSH_STALL_SECONDS, FLUSH_SECONDS = 2.0, 10.0
# A node answers after this even if the database hangs at start.
FIRST_READING_SECONDS = 10.0
# Different errors of one loop that are logged before it works again; more are one error with a number in its text.
ERRORS_LOGGED = 20


class Background:
    """The loops of one event loop, from the moment it is made until `stop`.

    `quota_seconds` is the time between two looks for due quotas, and before the first: a start sends no request.
    """

    def __init__(self, quota_seconds: float = QUOTA_SECONDS) -> None:
        self.loop = asyncio.get_running_loop()
        self.has_read = asyncio.Event()
        self._read_timeout = self.loop.call_later(FIRST_READING_SECONDS, self.has_read.set)
        self._demo: Emulator | None = None
        self._real_accounts_noted = False
        self._tasks = [
            self.loop.create_task(repeat("The roster is not up to date", self._read, ROSTER_SECONDS)),
            self.loop.create_task(repeat("The journal is not being written", journal.flush, JOURNAL_SECONDS)),
            self.loop.create_task(repeat("Tokens are not renewed ahead", self._renew, TOKENS_SECONDS)),
            self.loop.create_task(repeat("Accounts that need attention are not checked", self._check, CHECKS_SECONDS)),
            self.loop.create_task(repeat("Paths that are down are not probed", self._probe, PATHS_SECONDS)),
            self.loop.create_task(repeat("Jobs are not counted", self._watch_jobs, JOBS_SECONDS, at_once=False)),
            self.loop.create_task(repeat("Quotas are not fetched", self._fetch_quotas, quota_seconds, at_once=False)),
            self.loop.create_task(
                repeat("Notifications are not sent", webhook.send_due, WEBHOOK_SECONDS, at_once=False)
            ),
            self.loop.create_task(repeat("Old rows are not deleted", upkeep.tidy, TIDY_SECONDS, at_once=False)),
        ]

    async def stop(self) -> None:
        """
        1. End the loops, but let running token renewals and sign-ins finish: codes and tokens may be valid only once.
        2. Write what the journal holds.
        3. Close connections and threads.
        """
        self._read_timeout.cancel()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(quota.cancel(), tokens.finish(), sign_in.finish(), path_probes.finish())
        await self._flush_journal()
        await http_client.close_all()
        if self._demo is not None:
            roster.set_demo_upstream(None)
            self._demo.stop()
        await asyncio.to_thread(worker.shutdown, FLUSH_STALL_SECONDS)

    async def _flush_journal(self) -> None:
        """Write what the journal holds, for as long as the database takes rows."""
        writing = asyncio.ensure_future(journal.flush(force=True))
        end = self.loop.time() + FLUSH_SECONDS
        left = journal.pending() + 1
        while not writing.done() and journal.pending() < left and self.loop.time() < end:
            left = journal.pending()
            await asyncio.wait({writing}, timeout=FLUSH_STALL_SECONDS)
        if journal.pending():
            log.error("%d rows of the journal are lost: the database is away.", journal.pending())

    async def _renew(self) -> None:
        await self.has_read.wait()
        await tokens.renew_due(time.time())

    async def _check(self) -> None:
        await self.has_read.wait()
        await rechecks.check_due(time.monotonic())

    async def _probe(self) -> None:
        await self.has_read.wait()
        await path_probes.probe_due()

    async def _fetch_quotas(self) -> None:
        await self.has_read.wait()
        await quota.update_due(time.time())

    async def _watch_jobs(self) -> None:
        await self.has_read.wait()
        await job_watch.look_at_due(time.time())

    def _note_accounts(self, known: roster.Roster) -> None:
        """Once there has been a real account, the demo accounts never answer again."""
        if self._real_accounts_noted or not any(not account.is_demo for account in known.accounts.values()):
            return
        real_accounts.note()
        self._real_accounts_noted = True
        roster.set_demo_upstream(None)

    async def _read(self) -> None:
        try:
            await roster.refresh()
            await usage.refresh()
            await leasing.refresh_usage()
            self._note_accounts(roster.current())
            if self._demo is None and demo_answers(roster.current()):
                # It runs until the end, also once there is a real account: calls in flight may still use it.
                self._demo = await asyncio.to_thread(demo_emulator)
                roster.set_demo_upstream(self._demo.url)
                await roster.refresh()
        finally:
            self.has_read.set()


def demo_answers(known: roster.Roster) -> bool:
    """Whether there are demo accounts only, and always were."""
    only = any(account.is_demo and not account.standby for account in known.accounts.values())
    return only and not real_accounts.have_been()


def demo_emulator() -> Emulator:
    """An emulator that takes any token, on a free port; its streams are slow enough to be seen."""
    return Emulator(any_credentials=True, controllable=False, style=Style(gap=0.02)).start()


async def repeat(trouble: str, work: Callable[[], Awaitable[None]], pause: float, *, at_once: bool = True) -> None:
    """Runs `work` forever, with `pause` seconds between. Each error is logged once until `work` succeeds again."""
    logged: set[str] = set()
    if not at_once:
        await asyncio.sleep(pause)
    while True:
        # Gathered, so that an error is a result: a loop that ended with one would go unnoticed.
        (error,) = await asyncio.gather(work(), return_exceptions=True)
        if error is None:
            if logged:
                log.warning("Over: %s.", trouble)
            logged.clear()
        elif (text := f"{type(error).__name__}: {error}") not in logged and len(logged) < ERRORS_LOGGED:
            logged.add(text)
            log.error("%s: %s", trouble, error, exc_info=None if isinstance(error, DatabaseError) else error)
        await asyncio.sleep(pause)


_background: Background | None = None


def is_running() -> bool:
    """Whether the loops belong to the running event loop; under another one (each test has one) they start again."""
    return _background is not None and _background.loop is asyncio.get_running_loop()


async def start() -> None:
    """Starts the loops unless they run. Returns once the database was read, or could not be read in time."""
    global _background
    if _background is None or not is_running():
        _background = Background()
    await _background.has_read.wait()


async def stop() -> None:
    """Ends the loops; the journal's last rows are written before it returns."""
    global _background
    ending, _background = _background, None
    if ending is not None:
        await ending.stop()
