"""One gateway in a process of its own for the whole session, an emulator beside it, and the clients that call it."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from pathlib import Path

import pytest

from emulator import Emulator
from tests.live.browsing import chromium
from tests.live.clients.install import install_all
from tests.live.clients.walkthrough import (
    CLIENTS,
    PLAIN,
    SCRIPTED_MODELS,
    SDKS,
    SIGNING,
    SLOW,
    Client,
    Lost,
    Outcome,
    script,
    walk_through,
)
from tests.live.running import Gateway


@pytest.fixture(scope="session")
def google() -> Iterator[Emulator]:
    """Google for the processes: no test in this folder sees the in-process gateway or its emulator."""
    with Emulator() as running:
        for email in ("alice@example.com", "bob@example.com"):
            running.add_account(email, models=[PLAIN, SLOW, SIGNING, *SCRIPTED_MODELS])
        script(running)
        yield running


@pytest.fixture(scope="session")
def gateway(google: Emulator) -> Iterator[Gateway]:
    """The gateway with Alice's account, asking every caller for a key; at the end its books must balance."""
    with Gateway(google, {"GATEWAY_MAX_WAIT": "0", "DJANGO_SETTINGS_MODULE": "tests.live.settings"}) as serving:
        serving.connect(google.accounts["alice@example.com"])
        yield serving.start()
        serving.stop()
        assert serving.ledger_size() == len([call for call in google.calls if call.account == "alice@example.com"])
        assert google.open_streams == 0


@pytest.fixture(scope="module")
def browser() -> Iterator:
    """One for each module: a running playwright leaves no room for a test with a loop of its own."""
    with chromium() as running:
        yield running


@pytest.fixture(scope="session")
def sdks() -> Mapping[str, Path | str]:
    """Where each SDK is installed, or why it is not."""
    return install_all(SDKS)


@pytest.fixture(scope="session")
def walk(gateway: Gateway, sdks: Mapping[str, Path | str]) -> Callable[[Client], Mapping[str, Outcome]]:
    """Sends a client through all of its steps, once a session; skips when its SDK cannot be had."""
    told: dict[str, Mapping[str, Outcome] | Lost] = {}

    def outcomes(client: Client) -> Mapping[str, Outcome]:
        place = sdks[client.sdk]
        if isinstance(place, str):
            pytest.skip(place)
        if client.name not in told:
            try:
                told[client.name] = walk_through(client, place, gateway.url, gateway.key)
            except Lost as lost:
                told[client.name] = lost
        outcome = told[client.name]
        if isinstance(outcome, Lost):
            pytest.fail(str(outcome))
        return outcome

    return outcomes


@pytest.fixture(params=CLIENTS, ids=str, scope="session")
def told(request: pytest.FixtureRequest, walk: Callable[[Client], Mapping[str, Outcome]]) -> Mapping[str, Outcome]:
    """What one client told of its steps."""
    return walk(request.param)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Shows the end of the gateway's log below a failure."""
    report = yield
    if report.failed:
        running = [one for one in getattr(item, "funcargs", {}).values() if isinstance(one, Gateway)]
        report.sections += [("gateway", "\n".join(one.log().splitlines()[-30:])) for one in running]
    return report
