"""Carries out the decisions of `accounts_app.pool.blame.attempts`: which account to ask next, and how long to wait.

`forward` makes the exchanges themselves.
"""

import asyncio
from collections.abc import Hashable
from dataclasses import dataclass, replace
from functools import partial
from time import monotonic
from types import TracebackType
from typing import Protocol, Self

from accounts_app import leasing
from accounts_app.credentials import tokens
from accounts_app.leasing import AccountView, Ending, Lease, NoAnswer, Pause, Wanted, projects
from accounts_app.pool.blame.assignment import Assignment
from accounts_app.pool.outcomes import Fault, Outcome
from accounts_app.roster import abilities, known_models, timeouts
from proxy_app import errors
from proxy_app.forwarding.failures import Failed, cannot, failed
from proxy_app.ledger.attempt_log import AttemptLog
from proxy_app.ledger.entries import LogEntry
from proxy_app.wire.bodies.fingerprints import fingerprint
from proxy_app.wire.calls import Call
from proxy_app.wire.dialects import DIALECTS, Dialect, UpstreamRequest
from proxy_app.wire.dialects.default_generation_config import with_defaults
from proxy_app.wire.interactions import requests
from proxy_app.wire.openai import layers
from proxy_app.wire.operations import Cools
from proxy_app.wire.operations.versions import FULLEST, Versions

_versions = Versions()

for _dialect in DIALECTS.values():
    abilities.declare(_dialect.name, (operation.id for operation in _dialect.operations))

# Seconds to wait for a connection while there is another account to ask; it usually takes a fraction of one.
QUICK_CONNECT = 5.0

_NOT_CONNECTED = (
    "No account is connected to this gateway. Add one in its admin under Accounts, "
    "or with `python manage.py add_account`."
)
_NEED_ATTENTION = (
    "Every account of this gateway that could serve {model} needs attention before it can be used. "
    "The admin says under Accounts what each one needs."
)
_NOT_ALLOWED = "No account of this gateway may serve {model}."
_COOLING_DOWN = "Every account of this gateway that could serve {model} is cooling down. Please retry in {delay:.0f}s."
_NO_PATH = "No upstream of this gateway could be reached. Please try again later."
_NO_TOKEN = "No access token could be had for any account of this gateway. Please try again later."


@dataclass(frozen=True, slots=True)
class Step:
    """One exchange to be made: the account, the path to its upstream, and how many there were before it, plus one."""

    forwarding: "Forwarding"
    lease: Lease
    number: int

    @property
    def dialect(self) -> Dialect:
        return DIALECTS[self.lease.account.kind]

    @property
    def secrets(self) -> tuple[str, ...]:
        """What is masked in all that upstream writes: token and address of the account, a client's own secrets."""
        call, name = self.forwarding.call, self.lease.account.email
        address = name if "@" in name else ""  # other names are an operator's words, which may stand in any sentence
        return self.forwarding.token, address, *requests.secrets_in(call.operation, call.body)

    @property
    def timeout(self) -> float:
        """Seconds that are left for the first event."""
        return max(0.0, self.forwarding.deadline - monotonic())

    @property
    def idle_timeout(self) -> float:
        """Seconds of silence before the first event, the same for all calls: the HTTP client prepares for them once."""
        return self.forwarding.limit.seconds

    @property
    def connect_timeout(self) -> float | None:
        """Seconds that a connection may take; None for the operator's own bound."""
        return min(QUICK_CONNECT, timeouts.connect_timeout()) if self.lease.assignment.quick else None

    async def prepared(self, call: Call) -> Call:
        """`call` with its files as this account can read them: nothing is awaited where it has none."""
        files, account = self.forwarding.files, self.lease.account
        call = layers.fitted(call, account.id, monotonic())
        return call if files is None else await files.prepared(call, account)

    def request(self, call: Call, access: tokens.Access, entry: LogEntry) -> UpstreamRequest:
        """The request to send; the time to build it is added to `entry`."""
        began = monotonic()
        # If upstream refuses it, this very token is expired, and not one renewed meanwhile.
        self.forwarding.token = access.token
        self.lease.assignment.sending(hash(access.token), began)
        request = self.dialect.build(
            call,
            model=self.forwarding.model,
            project=access.project,
            token=access.token,
            base=self.lease.path.base,
            instruction_prefix=leasing.instruction_prefix(),
        )
        entry.overhead += monotonic() - began
        return request

    def entry(self) -> LogEntry:
        """The log entry of this exchange, added to the call's attempt log."""
        account, forwarding = self.lease.account, self.forwarding
        call, waited = forwarding.call, forwarding.waited
        before = monotonic() - call.arrived - waited if self.number == 1 and call.arrived else 0.0
        entry = LogEntry(
            call=call,
            attempt=len(forwarding.attempt_log.entries) + 1,
            account_id=account.id,
            account_label=account.email,
            dialect=account.kind,
            upstream_model=forwarding.model,
            why=self.lease.why,
            waited=waited,
            overhead=before,
        )
        forwarding.attempt_log.entries.append(entry)
        return entry

    def heard(self) -> None:
        """The head of an answer has arrived."""
        self.lease.assignment.heard(monotonic())

    def answered(self) -> None:
        """The first event of a good answer has arrived."""
        now = monotonic()
        self.forwarding.attempts.answered(now)
        if self.forwarding.model:
            known_models.learn(self.forwarding.model, now)

    def failed(self, error: Exception) -> Fault:
        """The exchange has failed with `error`; returns the fault, which the next step takes into account."""
        forwarding = self.forwarding
        failure = failed(error, forwarding.call, self.dialect, forwarding.limit, *self.secrets)
        if forwarding.files is not None:
            failure = forwarding.files.judged(failure)
        forwarding.learn(self.lease, failure)
        return failure.fault


def connected(assignment: Assignment, entry: LogEntry) -> None:
    """There is a connection: from here on `entry` counts as sent. Not a method of Step, since a connection that held a
    reference to it would keep the call alive.
    """
    assignment.connected()
    entry.endpoint = assignment.path.base


class Preparation(Protocol):
    """What has to be done to a call for the account that it goes to."""

    @property
    def needs(self) -> str:
        """An operation that this account has to support, "" for none but the call's own."""
        ...

    async def prepared(self, call: Call, account: AccountView) -> Call:
        """The call for this account. Raises NotCopied."""
        ...

    def judged(self, failed: Failed) -> Failed:
        """How the account has failed, where it may be what was prepared for it that it refused."""
        ...


class Forwarding:
    """One call in flight. A context manager: left by an exception, it gives back the account it still holds; otherwise
    the relay holds that.
    """

    def __init__(
        self,
        call: Call,
        attempt_log: AttemptLog,
        owner: int | None = None,
        only: int | None = None,
        why: str = "",
        files: Preparation | None = None,
    ) -> None:
        self.call = _with_defaults(call)
        if call.version != FULLEST:
            self._ask_version(_versions.asked(call.version, call.operation, monotonic()))
        self.attempt_log = attempt_log
        self.files = files
        is_routed = only is None and call.model != call.agent
        self.model = leasing.routed(call.model) if is_routed else call.model
        self.token = ""
        self.limit = timeouts.answer_limit(call.timeout, plain=call.form is None)
        self.deadline = (call.arrived or monotonic()) + self.limit.seconds
        self.attempts = leasing.attempts(
            Wanted(
                model=call.operation.cooldowns_on(self.model),
                operation=(files and files.needs) or call.operation.id,
                owner=owner,
                even_disabled=owner is not None and not call.operation.makes,
                group=call.tenant.group,
                conversation=call.affinity,
                max_attempts=timeouts.max_attempts(),
                max_wait=timeouts.max_wait() if only is None else 0.0,
                deadline=self.deadline,
                repeat=call.operation.repeat,
                only=only,
                why=why,
                request=partial(_fingerprint, self.call, self.model),
                requests=call.requests if call.operation.cools is Cools.MODEL else 0,
            )
        )
        self._steps = 0
        self._answers: list[errors.GatewayError] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self.attempts.give_back(monotonic())
        # An exception holds the frames it came through, and they hold this object: holding it would make a cycle.
        self._answers.clear()

    @property
    def waited(self) -> float:
        """Seconds spent waiting for an account."""
        return self.attempts.waited

    async def step(self) -> Step:
        """The next exchange to make. Raises GatewayError when there is none."""
        while True:
            match leasing.next_step(self.attempts, monotonic()):
                case Lease() as lease:
                    self._steps += 1
                    return Step(self, lease, self._steps)
                case Pause(until):
                    await asyncio.sleep(max(0.0, until - monotonic()))
                case NoAnswer() as no_answer:
                    raise self._answer(no_answer)

    def learn(self, lease: Lease, failed: Failed) -> None:
        """Take in how the last step failed."""
        self._answers.append(failed.answer)
        if failed.fault.consumer:
            projects.named(lease.account.id, failed.fault.consumer)
        if failed.fault.outcome is Outcome.UNAUTHENTICATED:
            tokens.expire(lease.account.id, self.token)
        if failed.fault.outcome is Outcome.VERSION_MISSING:
            _versions.missing(self.call.version, self.call.operation, monotonic())
            self._ask_version(FULLEST)
        layers.learn(failed.fault, lease.account.id, monotonic())
        content = self.call.content
        self.attempts.failed(failed.fault, monotonic(), replayable=content is None or content.replayable)

    def _ask_version(self, version: str) -> None:
        if version != self.call.version:
            self.call = replace(self.call, version=version)

    def _answer(self, no_answer: NoAnswer) -> errors.GatewayError:
        """The error that the client gets."""
        model = self.call.model or self.call.operation.name
        match no_answer.ending:
            case Ending.FAILURE:
                return self._answers[no_answer.index]
            case Ending.COME_BACK:
                delay = no_answer.delay
                return errors.ResourceExhausted(_COOLING_DOWN.format(model=model, delay=delay), delay)
            case Ending.NO_PATH:
                return errors.Unavailable(_NO_PATH)
            case Ending.NO_TOKEN:
                return errors.Unavailable(_NO_TOKEN)
            case Ending.NOT_CONNECTED:
                return errors.FailedPrecondition(_NOT_CONNECTED)
            case Ending.ACT:
                return errors.FailedPrecondition(_NEED_ATTENTION.format(model=model))
            case Ending.CANNOT:
                return cannot(self.call)
            case Ending.NOT_ALLOWED:
                return errors.FailedPrecondition(_NOT_ALLOWED.format(model=model))


def _fingerprint(call: Call, model: str) -> Hashable:
    """A key that is the same for a request and its repetitions."""
    return (call.api_key_id, call.operation.id, model, *fingerprint(call.body))


def _with_defaults(call: Call) -> Call:
    """`call` with the default generationConfig of its model's name, if its operation takes one."""
    if not call.operation.takes_config or not (defaults := leasing.default_generation_config(call.model)):
        return call
    return replace(call, body=with_defaults(call.body, defaults))
