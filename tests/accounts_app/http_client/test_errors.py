"""aiohttp's exceptions, and which of httpx's each becomes."""

import errno
import socket

import aiohttp
import httpx
import pytest

from accounts_app.http_client.errors import out_of_descriptors, translated, without_frames

REQUEST = httpx.Request("GET", "http://upstream.example")


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (aiohttp.ConnectionTimeoutError("slow"), httpx.ConnectTimeout),
        (aiohttp.SocketTimeoutError("silent"), httpx.ReadTimeout),
        (aiohttp.ServerDisconnectedError("gone"), httpx.RemoteProtocolError),
        (aiohttp.ClientConnectionResetError("reset"), httpx.WriteError),
        (aiohttp.ClientOSError("reset"), httpx.ReadError),
        (aiohttp.ClientPayloadError("short"), httpx.RemoteProtocolError),
        (aiohttp.InvalidURL("http://"), httpx.LocalProtocolError),
        (TimeoutError("slow"), httpx.WriteTimeout),
        (OSError("no"), httpx.ReadError),
        (ValueError("line break"), httpx.LocalProtocolError),
        (RuntimeError("unknown"), httpx.ReadError),
    ],
    ids=lambda value: getattr(value, "__name__", type(value).__name__),
)
def test_each_exception_says_how_far_the_request_came(error, kind):
    found = translated(error, REQUEST)

    assert type(found) is kind
    assert found.request is REQUEST


@pytest.mark.parametrize(
    ("error", "ran_out"),
    [
        (OSError(errno.EMFILE, "too many"), True),
        (OSError(errno.ENOBUFS, "no buffers"), True),
        (OSError(errno.ECONNREFUSED, "refused"), False),
        (socket.gaierror(socket.EAI_NONAME, "unknown name"), False),
    ],
)
def test_running_out_of_descriptors_is_told_from_other_trouble(error, ran_out):
    assert out_of_descriptors(error) is ran_out


def test_an_exception_kept_keeps_no_frames():
    with pytest.raises(ValueError, match="outer") as failed:
        try:
            raise OSError("inner")
        except OSError as inner:
            raise ValueError("outer") from inner

    error = without_frames(failed.value)

    assert error.__traceback__ is None
    assert error.__cause__ is not None
    assert error.__cause__.__traceback__ is None
