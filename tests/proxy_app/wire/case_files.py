"""Golden cases: each file under `cases/` is one. To add a behaviour, begin by adding a file."""

import json
from pathlib import Path

import pytest

CASES = Path(__file__).parent / "cases"


def cases(folder):
    """The cases of one folder as pytest parameters, named by their files."""
    return [
        pytest.param(json.loads(path.read_text("utf-8")), id=path.stem)
        for path in sorted((CASES / folder).glob("*.json"))
    ]
