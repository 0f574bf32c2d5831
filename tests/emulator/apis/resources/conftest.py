"""The emulator with a clock that stands still until it is advanced."""

from collections.abc import Iterator

import pytest

from emulator import Emulator


def noon() -> float:
    return 1_800_014_400.0


@pytest.fixture
def google() -> Iterator[Emulator]:
    with Emulator(clock=noon) as running:
        yield running
