"""The house itself: which way imports go, how large a room may be, and that what is settable is also written down."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from accounts_app.pool.outcomes import VERDICTS, Outcome

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("gateway_project", "proxy_app", "accounts_app", "emulator", "bench")
LONGEST_FILE = 300
LONGEST_FUNCTION = 50


def modules() -> list[Path]:
    return [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py")) if "migrations" not in path.parts]


def test_imports_go_down_only():
    linter = Path(sys.executable).with_name("lint-imports")

    outcome = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)

    assert outcome.returncode == 0, outcome.stdout


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_room_stays_small(path: Path):
    text = path.read_text()

    long_functions = [
        node.name
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno >= LONGEST_FUNCTION
    ]

    assert len(text.splitlines()) <= LONGEST_FILE
    assert not long_functions


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_net_catches_everything(path: Path):
    broad = [
        node.lineno
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or getattr(node.type, "id", "") in ("Exception", "BaseException"))
    ]

    assert not broad


def test_every_outcome_has_a_verdict():
    assert set(VERDICTS) == set(Outcome)


@pytest.mark.parametrize("readme", ["README.md", "README.zh-TW.md"])
def test_every_variable_of_the_environment_is_in_the_readme(readme: str):
    settings = (ROOT / "gateway_project" / "settings" / "__init__.py").read_text()
    names = set(re.findall(r'"((?:GATEWAY|CLOUD_CODE|GEMINI|GOOGLE|DATABASE|CACHE)_[A-Z_]+)"', settings))

    missing = {name for name in names if f"`{name}`" not in (ROOT / readme).read_text()}

    assert names
    assert not missing


def test_the_chinese_readme_has_the_same_sections_as_the_english_one():
    def shape(name: str) -> list[str]:
        return re.findall(r"^#+(?= )|^```\w*", (ROOT / name).read_text(), re.MULTILINE)

    assert shape("README.zh-TW.md") == shape("README.md")
