"""An upstream's answer as public frames: the chunks of an exchange, read by the dialect's reader."""

from collections.abc import Collection, Mapping
from time import monotonic
from types import MappingProxyType

from accounts_app.roster import timeouts
from proxy_app.forwarding.exchange import Exchange
from proxy_app.forwarding.turns import in_turns
from proxy_app.wire.dialects import Reader, ReportedError
from proxy_app.wire.faults.masking import masked_bytes


class ErrorAnswer(Exception):
    """Upstream answered with an error status."""

    def __init__(
        self,
        status: int,
        body: bytes,
        content_type: str = "",
        retry_after: str = "",
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        super().__init__(f"status {status}")
        self.status = status
        self.body = body
        self.content_type = content_type
        self.retry_after = retry_after
        self.headers = headers


class EmptyAnswer(Exception):
    """Upstream answered 200 without any part of an answer."""


class Frames:
    """The frames of one answer, in the batches that its chunks complete. In an error in it `secrets` are masked."""

    __slots__ = ("_exchange", "_secrets", "busy", "ended", "reader")

    def __init__(self, exchange: Exchange, reader: Reader, secrets: Collection[str]) -> None:
        self.reader = reader
        self.busy = 0.0  # seconds spent on reading chunks that had arrived
        self.ended = False
        self._exchange = exchange
        self._secrets = secrets

    async def first(self) -> list[bytes]:
        """The first batch, with which the call is committed to this answer; of a plain answer it is the whole.

        Raises ErrorAnswer, EmptyAnswer and what `batch` raises.
        """
        exchange = self._exchange
        if exchange.status not in self.reader.statuses:
            headers = exchange.error_headers
            body = await exchange.read()
            raise ErrorAnswer(exchange.status, body, exchange.content_type, exchange.retry_after, headers)
        if self.reader.whole:
            exchange.limit_silence(timeouts.idle_timeout())
            frames = await self._whole()
        else:
            frames = await self.batch()
            exchange.limit_silence(timeouts.idle_timeout())
        if not frames and not self.reader.may_be_empty:
            raise EmptyAnswer
        return frames

    async def batch(self) -> list[bytes]:
        """The frames of the next chunk that brings any; empty at the end.

        Raises Interrupted, ReportedError, NotAnAnswer, each once the frames before it have been handed out.
        """
        reader = self.reader
        while reader.failure is None and not self.ended:
            chunk = await self._exchange.chunk()
            began = monotonic()
            frames = reader.feed(chunk) if chunk else await self._end()
            self.busy += monotonic() - began
            if frames:
                return frames
        if reader.failure is not None:
            raise self._failure()
        return []

    async def _whole(self) -> list[bytes]:
        self.reader.feed(await self._exchange.read())
        frames = await self._end()
        if self.reader.failure is not None:
            raise self._failure()
        return frames

    async def _end(self) -> list[bytes]:
        self.ended = True
        return await in_turns(self.reader.ending())

    def _failure(self) -> Exception:
        """What ended the answer, to be raised. Not kept here: its traceback holds this object, which makes a cycle."""
        failure, self.reader.failure = self.reader.failure, None
        self.ended = True
        assert failure is not None
        if isinstance(failure, ReportedError):
            failure.error = masked_bytes(failure.error, *self._secrets)
        return failure
