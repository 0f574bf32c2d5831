"""The emulator with a clock that stands still until it is advanced."""

from collections.abc import Iterator

import pytest

from emulator import Emulator
from tests.emulator.apis.resources.conftest import noon


@pytest.fixture
def google() -> Iterator[Emulator]:
    with Emulator(clock=noon) as running:
        yield running
