"""The architecture: the direction of imports, the size of modules and packages, and documented variables."""

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
MOST_ON_A_LEVEL = 12
# Names that Django, Python or a reader expects in any package.
IN_THEIR_PLACE = {"__init__", "__main__", "admin", "apps", "management", "migrations", "templates", "static", "formats"}
# What the pure packages may import besides the standard library, parts of which the contracts forbid.
OF_THE_PURE = {
    "accounts_app/pool": {"msgspec", "accounts_app"},
    "proxy_app/wire": {"msgspec", "accounts_app", "proxy_app"},
}


def modules() -> list[Path]:
    return [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py")) if "migrations" not in path.parts]


def test_imports_go_down_only():
    linter = Path(sys.executable).with_name("lint-imports")

    outcome = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)

    assert outcome.returncode == 0, outcome.stdout


def test_no_package_has_more_modules_than_a_reader_keeps_in_mind():
    levels: dict[Path, set[str]] = {}
    for path in modules():
        if path.is_relative_to(ROOT / "bench"):
            continue
        for inner, level in zip((path, *path.parents), path.parents, strict=False):
            if level == ROOT:
                break
            levels.setdefault(level, set()).add(inner.stem)

    crowded = {
        str(level.relative_to(ROOT)): sorted(rooms - IN_THEIR_PLACE)
        for level, rooms in levels.items()
        if len(rooms - IN_THEIR_PLACE) > MOST_ON_A_LEVEL
    }

    assert crowded == {}


@pytest.mark.parametrize(("room", "allowed"), OF_THE_PURE.items(), ids=OF_THE_PURE)
def test_what_is_pure_imports_the_standard_library_and_one_json_library(room: str, allowed: set[str]):
    imported = set()
    for path in (ROOT / room).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Import():
                    imported |= {alias.name.partition(".")[0] for alias in node.names}
                case ast.ImportFrom():
                    imported.add(str(node.module).partition(".")[0])

    assert imported - sys.stdlib_module_names <= allowed


def test_no_model_is_reached_by_a_string():
    """Except in foreign keys, and where the keys of all encrypted columns are rotated."""
    by_string = re.compile(
        r"\bget_model\(\s*[\"']|\bapps\.(get_model|get_models|get_app_config|all_models)\b|_meta\.apps"
    )

    reached = [str(path.relative_to(ROOT)) for path in modules() if by_string.search(path.read_text())]

    assert reached == ["accounts_app/models/encryption.py"]


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_stays_small(path: Path):
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
def test_nothing_catches_every_exception(path: Path):
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
