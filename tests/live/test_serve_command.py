"""`manage.py serve` as operators start it, on a database of its own."""

import contextlib
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys

import pytest

from tests.live.node import PATIENCE, ROOT
from tests.live.raw_client import ask, connected
from tests.live.running import wait_until

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    prepared = kept | {
        "GATEWAY_ENV_FILE": os.devnull,
        "GATEWAY_DATA_DIR": str(tmp_path_factory.mktemp("data")),
        "GATEWAY_DRAIN_SECONDS": "5",
    }
    subprocess.run([sys.executable, "manage.py", "bootstrap"], cwd=ROOT, env=prepared, check=True, capture_output=True)
    return prepared


@pytest.fixture
def serve(environment, tmp_path):
    started = []

    def serve(*options):
        log = (tmp_path / "serve.log").open("w+")
        command = [sys.executable, "manage.py", "serve", "--port", "0", *options]
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=log, text=True)
        started.append((process, log))
        port = int(re.search(r":(\d+)$", process.stdout.readline())[1])
        return process, port

    yield serve
    for process, log in started:
        if process.poll() is None:
            process.kill()
            process.wait()
        process.stdout.close()
        log.close()


def children_of(process):
    """The process ids of its children, which are nodes."""
    listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(process.pid)], capture_output=True, text=True)
    return {int(number) for number in listed.stdout.split()}


def test_one_node_serves_the_api_and_the_console_and_ends_well(serve):
    process, port = serve()

    assert ask(port, "/healthz") == {"status": "ok"}
    with connected(port) as client:
        client.get("/admin/login/", "Connection: close")
        assert b"csrfmiddlewaretoken" in client.read_to_the_end()
    process.terminate()

    assert "demo account" in process.stdout.read()
    assert process.wait(PATIENCE) == 0


def test_a_port_in_use_is_one_clear_line(environment):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        command = [sys.executable, "manage.py", "serve", "--port", port]

        ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=PATIENCE)

    assert ended.returncode == 1
    assert ended.stderr == f"CommandError: Cannot listen on 127.0.0.1:{port}: Address already in use.\n"


def test_several_nodes_share_a_port_are_replaced_and_end_together(serve):
    process, port = serve("--processes", "2")
    assert ask(port, "/healthz") == {"status": "ok"}
    first = children_of(process)
    victim = min(first)

    os.kill(victim, signal.SIGKILL)
    wait_until(lambda: len(children_of(process) - {victim}) == 2)
    assert ask(port, "/healthz") == {"status": "ok"}
    nodes = children_of(process)
    process.terminate()

    assert process.wait(PATIENCE) == 0
    assert len(first) == 2
    assert not any(is_alive(node) for node in nodes)


def test_nodes_do_not_outlive_their_parent(serve):
    process, port = serve("--processes", "2")
    assert ask(port, "/healthz") == {"status": "ok"}
    nodes = children_of(process)

    process.kill()

    wait_until(lambda: not any(is_alive(node) for node in nodes))


def is_alive(number):
    """Whether the process runs and is no zombie."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(number)], capture_output=True, text=True).stdout.strip()
    return bool(state) and not state.startswith("Z")


def test_what_the_server_itself_refuses_is_in_the_request_log(serve, environment):
    process, port = serve()
    refused = {}
    for name, length, more in [("large", 500_000_000, ""), ("two_hosts", 0, "Host: other")]:
        with connected(port) as client:
            client.get(
                "/v1beta/models/gemini-2.5-flash:generateContent",
                f"Content-Length: {length}",
                more or "A: b",
                method="POST",
            )
            status, headers, _ = client.answer()
            refused[headers["x-request-id"]] = (name, status)
    process.terminate()
    assert process.wait(PATIENCE) == 0

    with contextlib.closing(sqlite3.connect(f"{environment['GATEWAY_DATA_DIR']}/gateway.sqlite3")) as database:
        rows = database.execute(
            "SELECT request_id, outcome, status, method, model FROM proxy_app_usagerecord"
        ).fetchall()
    assert {refused[row[0]]: row[1:] for row in rows if row[0] in refused} == {
        ("large", 413): ("too_large", 413, "generateContent", "gemini-2.5-flash"),
        ("two_hosts", 400): ("malformed", 400, "generateContent", "gemini-2.5-flash"),
    }
