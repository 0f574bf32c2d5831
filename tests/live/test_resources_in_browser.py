"""A page of another origin uploads, lists, generates and downloads by fetch, as a web app without a server does."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.live.browsing import chromium, watched_page
from tests.live.clients.walkthrough import HERE
from tests.live.pool import WARRANTY, running_pool
from tests.live.steps import LARGE, checks_of

pytestmark = [pytest.mark.live, pytest.mark.timeout(400)]


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *arguments: object) -> None:
        """Nothing is printed."""


@contextmanager
def served_page() -> Iterator[str]:
    """The origin of a server of the folder with the page."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(HERE / "page"))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_page_of_another_origin_keeps_and_uses_what_it_has_made_while_the_node_is_restarted():
    with (
        chromium() as browser,
        served_page() as origin,
        running_pool({"GATEWAY_CORS_ORIGINS": origin}) as pool,
        watched_page(browser, origin, pool.gateway.url) as page,
    ):
        assert pool.upload(pool.theirs, "theirs", "mine").status_code == 200
        texts = [WARRANTY, "The toaster has no warranty."]
        plan = {**pool.plan(), "texts": texts, "size": len(LARGE), "chosen": "files/mine"}
        page.goto(f"{origin}/keeping.html")
        outcome = page.evaluate("plan => make(plan)", plan)
        pool.restart()
        outcome |= page.evaluate("plan => use(plan)", plan)

    answers = outcome["batch"].encode()
    assert outcome["part"] == [206, f"bytes 2-4/{len(answers)}", answers[2:5].decode()]
    checks = checks_of(outcome, pool.gateway.url)
    del checks["video"]
    assert checks == dict.fromkeys(checks, True), outcome
