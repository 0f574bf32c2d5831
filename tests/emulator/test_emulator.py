"""Starting, stopping, and what a test asks of the emulator."""

import threading

import httpx
import pytest

from emulator import Emulator, dead_address
from tests.emulator.conftest import Caller


def test_it_tells_its_state(google: Emulator):
    assert repr(google) == f"<Emulator at {google.url}, 0 requests, 0 open>"


def test_it_starts_again_on_the_same_port(http: httpx.Client):
    google = Emulator().start()
    url = google.url
    google.stop()
    google.start()

    assert google.url == url
    assert http.get(f"{url}/emulator").status_code == 200
    google.stop()


def test_a_stopped_emulator_refuses_connections(http: httpx.Client):
    google = Emulator().start()
    google.stop()

    with pytest.raises(httpx.ConnectError):
        http.get(google.url)


def test_stopping_drops_streams_in_flight(caller: Caller):
    with Emulator() as google:
        account = google.add_account("bob@example.com")
        google.script("stall_after_first")
        bob = Caller(google, account, caller.http)

        def stream_to_the_end() -> None:
            with pytest.raises(httpx.RemoteProtocolError):
                bob.stream()

        reading = threading.Thread(target=stream_to_the_end)
        reading.start()
        google.wait_for_requests(1)
    reading.join(5)

    assert not reading.is_alive()


def test_a_dead_address_refuses(http: httpx.Client):
    with pytest.raises(httpx.ConnectError):
        http.get(dead_address())
