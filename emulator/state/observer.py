"""What the emulator saw, as tests ask for it, and the waiting for what is still to come."""

from __future__ import annotations

from collections.abc import Mapping

from emulator.state.accounts import Account
from emulator.state.google import Google
from emulator.state.recording import Recorded
from emulator.state.resources.interactions.related.webhooks import Delivery

# Everything the emulator waits for happens on one machine, in milliseconds.
_TIMEOUT = 5.0


class Observer:
    """Reads the state of an emulated Google from any thread; only what begins with `wait_for` waits."""

    def __init__(self, google: Google) -> None:
        self._google = google
        self._changed = google.changed

    @property
    def accounts(self) -> Mapping[str, Account]:
        with self._changed:
            return {account.email: account for account in self._google.accounts.all()}

    @property
    def requests(self) -> list[Recorded]:
        """All requests so far, oldest first, also those to OAuth and the control plane."""
        with self._changed:
            return self._google.recording.all()

    @property
    def calls(self) -> list[Recorded]:
        """Only the calls of a model: generate, stream, count, embed."""
        return [one for one in self.requests if one.is_model_call]

    def requests_of(self, call: str) -> list[Recorded]:
        """Only those of one method: `token`, `loadCodeAssist`, `generateContent` …"""
        return [one for one in self.requests if one.call == call]

    @property
    def open_streams(self) -> int:
        """Requests whose reply has not ended."""
        with self._changed:
            return self._google.recording.open_count()

    @property
    def connections(self) -> int:
        """Open sockets, idle ones too."""
        with self._changed:
            return len(self._google.connections)

    @property
    def deliveries(self) -> list[Delivery]:
        """The latest messages to webhooks by project, oldest first; what came about is told at the next call."""
        with self._changed:
            return [one for project in self._google.projects.all() for one in project.related.webhooks.deliveries]

    def wait_for_requests(
        self, number: int = 1, *, call: str | None = None, timeout: float = _TIMEOUT
    ) -> list[Recorded]:
        """The requests (of one method), once there are `number` of them; TimeoutError if that takes too long."""

        def found() -> list[Recorded]:
            seen = [one for one in self._google.recording.all() if call is None or one.call == call]
            return seen if len(seen) >= number else []

        with self._changed:
            return self._google.recording.wait_for(found, timeout, f"{number} requests of {call or 'any method'}")

    def wait_for_hang_up(self, number: int = 1, *, timeout: float = _TIMEOUT) -> Recorded:
        """The latest request whose client left before the end, once `number` did."""

        def found() -> list[Recorded]:
            left = [one for one in self._google.recording.all() if one.hung_up]
            return left if len(left) >= number else []

        with self._changed:
            return self._google.recording.wait_for(found, timeout, f"{number} hang-ups")[-1]

    def wait_for_silence(self, *, timeout: float = _TIMEOUT) -> None:
        """Returns once no reply is being sent."""
        with self._changed:
            self._google.recording.wait_for(lambda: not self._google.recording.open_count(), timeout, "silence")
