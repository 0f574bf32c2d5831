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
    """The emulator for gateways in processes of their own; tests in this folder do not use the in-process gateway."""
    with Emulator() as running:
        for email in ("alice@example.com", "bob@example.com"):
            running.add_account(email, models=[PLAIN, SLOW, SIGNING, *SCRIPTED_MODELS])
        script(running)
        yield running


@pytest.fixture(scope="session")
def gateway(google: Emulator) -> Iterator[Gateway]:
    """The gateway with Alice's account, which asks for a key; at the end its request log must have all her calls."""
    with Gateway(google, {"GATEWAY_MAX_WAIT": "0", "DJANGO_SETTINGS_MODULE": "tests.live.settings"}) as serving:
        serving.connect(google.accounts["alice@example.com"])
        yield serving.start()
        serving.stop()
        assert serving.ledger_size() == len([call for call in google.calls if call.account == "alice@example.com"])
        assert google.open_streams == 0


@pytest.fixture(scope="module")
def browser() -> Iterator:
    """One for each module: while playwright runs, no test can run an event loop of its own."""
    with chromium() as running:
        yield running


@pytest.fixture(scope="session")
def sdks() -> Mapping[str, Path | str]:
    """The directory of each SDK, or the reason why it is not installed."""
    return install_all(SDKS)


@pytest.fixture(scope="session")
def walk(gateway: Gateway, sdks: Mapping[str, Path | str]) -> Callable[[Client], Mapping[str, Outcome]]:
    """Runs a client through all of its steps, once a session; skips the test if its SDK is not installed."""
    known: dict[str, Mapping[str, Outcome] | Lost] = {}

    def walked(client: Client) -> Mapping[str, Outcome]:
        place = sdks[client.sdk]
        if isinstance(place, str):
            pytest.skip(place)
        if client.name not in known:
            try:
                known[client.name] = walk_through(client, place, gateway.url, gateway.key)
            except Lost as lost:
                known[client.name] = lost
        outcome = known[client.name]
        if isinstance(outcome, Lost):
            pytest.fail(str(outcome))
        return outcome

    return walked


@pytest.fixture(params=CLIENTS, ids=str, scope="session")
def outcomes(request: pytest.FixtureRequest, walk: Callable[[Client], Mapping[str, Outcome]]) -> Mapping[str, Outcome]:
    """The outcomes of one client's steps."""
    return walk(request.param)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Adds the end of the gateway's log to the report of a failure."""
    report = yield
    if report.failed:
        running = [one for one in getattr(item, "funcargs", {}).values() if isinstance(one, Gateway)]
        report.sections += [("gateway", "\n".join(one.log().splitlines()[-30:])) for one in running]
    return report
