"""Whether a name that somebody else has can be told by time from one that nobody has."""

import http.client
from collections.abc import Collection
from statistics import median
from time import perf_counter

from bench.processes import Gateway
from bench.stage import Stage
from bench.table import Row

NAMES = ("foreign",)
COUNT = 1000
MOST_APART = 0.05


def measure(stage: Stage, _: Collection[str]) -> list[Row]:
    """Each is asked for COUNT times, in turn, over one connection; which one comes first changes from pair to pair."""
    times: dict[str, list[float]] = {"foreign": [], "unknown": []}
    with stage.another("names", keys=2, resources=COUNT) as gateway:
        connection = http.client.HTTPConnection("127.0.0.1", gateway.port)
        for number in range(100):
            ask(connection, gateway, f"warming{number:06}")
        for number in range(COUNT):
            for whose in ("foreign", "unknown") if number % 2 else ("unknown", "foreign"):
                times[whose].append(ask(connection, gateway, f"{whose}{number:06}"))
        connection.close()
    foreign, unknown = (median(seconds) for seconds in times.values())
    apart = abs(foreign - unknown) / min(foreign, unknown)
    return [
        Row(
            f"names of others and of nobody: medians over {COUNT:,} each",
            f"< {MOST_APART:.0%} apart",
            f"{apart:.1%} apart   ({foreign * 1e6:.0f} us and {unknown * 1e6:.0f} us)",
            apart < MOST_APART,
        )
    ]


def ask(connection: http.client.HTTPConnection, gateway: Gateway, name: str) -> float:
    """The seconds until a file is refused. Raises RuntimeError when it is not."""
    began = perf_counter()
    connection.request("GET", f"/v1beta/files/{name}", headers={"x-goog-api-key": gateway.key})
    answer = connection.getresponse()
    body = answer.read()
    seconds = perf_counter() - began
    if answer.status != 403:
        raise RuntimeError(f"{name}: {answer.status} {body[:200]!r}")
    return seconds
