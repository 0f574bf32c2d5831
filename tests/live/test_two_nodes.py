"""Two nodes with one database: what one learns the other uses, and no token is refreshed by both."""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from emulator import Emulator, Reply, Style
from tests.live.running import OPERATOR, PASSWORD, PATIENCE, Gateway

pytestmark = [pytest.mark.live, pytest.mark.any_database]

MODEL = "gemini-2.5-flash"
PLAIN = f"/v1beta/models/{MODEL}:generateContent"
STREAM = f"/v1beta/models/{MODEL}:streamGenerateContent?alt=sse"
NAMES = ("alice", "bob", "carol", "dave", "erin")

Nodes = tuple[Gateway, Gateway]


@pytest.fixture(scope="module")
def google() -> Iterator[Emulator]:
    """An emulator of these nodes' own, whose requests are all theirs."""
    with Emulator() as running:
        for name in NAMES:
            running.add_account(f"{name}@example.com")
        yield running


@pytest.fixture(scope="module")
def nodes(google: Emulator) -> Iterator[Nodes]:
    """Two nodes with the same accounts, known by their refresh tokens; the request log is checked at the end."""
    with Gateway(google, {"GATEWAY_MAX_WAIT": "0"}) as first, first.another() as second:
        tokens = [{"email": each.email, "refresh_token": each.refresh_token} for each in google.accounts.values()]
        first.manage("import_accounts", "-", said=json.dumps(tokens))
        yield first.start(), second.start()
        first.stop()
        second.stop()
        assert first.ledger_size() == len(google.calls)
        assert google.open_streams == 0


@pytest.fixture
def nothing_scripted(google: Emulator) -> Iterator[None]:
    yield
    google.unscript()


def conversation(number: int) -> dict[str, object]:
    return {"contents": [{"role": "user", "parts": [{"text": f"This is conversation {number}."}]}]}


def ask(node: Gateway, number: int) -> int:
    """Sends one call of a conversation; the status of its answer."""
    answer = httpx.post(
        node.url + PLAIN, json=conversation(number), headers={"x-goog-api-key": node.key}, timeout=PATIENCE
    )
    return answer.status_code


def answering(google: Emulator, node: Gateway, number: int) -> str:
    """The account that answers a call of a conversation on a node, when no other call is in flight."""
    assert ask(node, number) == 200
    return google.calls[-1].account


def all_at_once(nodes: Nodes, calls: int) -> Counter[int]:
    """Sends one call of each of `calls` conversations at once, alternating between the nodes; counts the statuses."""
    with ThreadPoolExecutor(calls) as threads:
        return Counter(threads.map(lambda number: ask(nodes[number % 2], number), range(calls)))


def in_time(happens: Callable[[], bool]) -> bool:
    """Whether it happens within PATIENCE; each check may be a call."""
    deadline = time.monotonic() + PATIENCE
    while not (happened := happens()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return happened


def slow_tokens(google: Emulator) -> None:
    """Makes each refresh take so long that every call in flight needs one too."""
    for account in google.accounts.values():
        grant = {"access_token": google.issue_access_token(account.email), "expires_in": 3599, "token_type": "Bearer"}
        reply = Reply(chunks=(json.dumps(grant).encode(),), sized=True, delay=1.0)
        google.script(reply, account=account.email, method="token", times=None)


def refreshes(google: Emulator) -> Counter[str]:
    return Counter(request.account for request in google.requests_of("token"))


def test_concurrent_calls_on_accounts_without_a_token_are_one_refresh_each(
    nodes: Nodes, google: Emulator, nothing_scripted
):
    slow_tokens(google)

    assert all_at_once(nodes, 40) == {200: 40}

    assert refreshes(google) == {f"{name}@example.com": 1 for name in NAMES}
    assert max(Counter(request.account for request in google.requests_of("loadCodeAssist")).values()) <= len(nodes)


def test_a_token_that_upstream_refuses_both_is_refreshed_once(nodes: Nodes, google: Emulator, nothing_scripted):
    before = refreshes(google)
    for name in NAMES:
        google.expire_access_tokens(f"{name}@example.com")
    slow_tokens(google)
    calls = len(google.calls)

    assert all_at_once(nodes, 40) == {200: 40}

    assert sum(call.status == 401 for call in google.calls[calls:]) > len(NAMES)
    assert refreshes(google) - before == {f"{name}@example.com": 1 for name in NAMES}


def test_a_conversation_has_the_same_account_on_either_node(nodes: Nodes, google: Emulator):
    first, second = nodes

    there = {number: answering(google, first, number) for number in range(12)}

    assert {number: answering(google, second, number) for number in reversed(range(12))} == there
    assert len(set(there.values())) > 1


def test_a_cooldown_set_by_one_node_holds_on_the_other_until_an_operator_ends_it(
    nodes: Nodes, google: Emulator, nothing_scripted
):
    first, second = nodes
    cooling = answering(google, first, 7)
    google.script("quota_exhausted", account=cooling)

    assert answering(google, first, 7) != cooling
    assert in_time(lambda: answering(google, second, 7) != cooling)
    assert answering(google, first, 7) == answering(google, second, 7)

    clear_cooldowns(second, cooling)

    assert in_time(lambda: answering(google, first, 7) == cooling)
    assert in_time(lambda: answering(google, second, 7) == cooling)


def clear_cooldowns(node: Gateway, email: str) -> None:
    """Clears them in the console, as an operator does."""
    with httpx.Client(base_url=node.url, follow_redirects=True, timeout=PATIENCE) as console:
        login = {"username": OPERATOR, "password": PASSWORD}
        console.get("/admin/login/")
        console.post("/admin/login/", data={**login, **form_token(console)})
        listed = console.get("/admin/accounts_app/account/", params={"q": email})
        (account,) = set(re.findall(r'name="_selected_action"[^>]*value="(\d+)"', listed.text))
        action = {"action": "clear_cooldowns", "_selected_action": account, **form_token(console)}
        done = console.post("/admin/accounts_app/account/", data=action)
    assert "1 cooldown cleared." in done.text


def form_token(console: httpx.Client) -> dict[str, str]:
    return {"csrfmiddlewaretoken": console.cookies["gateway_csrf"]}


def test_streams_in_flight_at_a_sigterm_are_in_the_request_log(nodes: Nodes, google: Emulator, nothing_scripted):
    google.script(Style(texts=["tick "] * 500, gap=0.1), method="streamGenerateContent", times=None)

    def listen(number: int) -> bool:
        """Whether the stream was complete."""
        node = nodes[number % 2]
        headers = {"x-goog-api-key": node.key}
        with httpx.stream(
            "POST", node.url + STREAM, json=conversation(number), headers=headers, timeout=PATIENCE
        ) as answer:
            try:
                return bool(answer.read())
            except httpx.RemoteProtocolError:
                return False

    with ThreadPoolExecutor(6) as threads:
        streams = [threads.submit(listen, number) for number in range(6)]
        assert in_time(lambda: google.open_streams == 6)
        for node in nodes:
            node.stop()

    assert [stream.result() for stream in streams] == [False] * 6
    google.wait_for_silence()
    assert nodes[0].ledger_size() == len(google.calls)
