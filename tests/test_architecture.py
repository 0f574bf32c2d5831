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

# Rooms and modules that decide something and have no test file of their own, and why: what shows that they are right.
PAGES = "pages are asked for as a browser asks for them"
FROM_OUTSIDE = {
    "bench": "it measures; its simulation is bounded in tests/accounts_app/pool/blame/test_simulation.py",
    "emulator": "what it answers is tested over its sockets, in tests/emulator",
    "gateway_project/formats": "Django's own notation of dates",
    "gateway_project/server": "only connections show what it does: tests/gateway_project/server and tests/live",
    "gateway_project/settings": "a process starts with them, in tests/gateway_project/settings/test_settings.py",
    "gateway_project/management": "commands are run: tests/live, tests/gateway_project/console/test_second_factor.py",
    "gateway_project/admin.py": PAGES,
    "accounts_app/admin": PAGES,
    "proxy_app/admin": PAGES,
    "accounts_app/management": "commands are called by their names, in tests/accounts_app/management/test_commands.py",
    "proxy_app/management": "commands are called by their names, in tests/accounts_app/management/test_commands.py",
    "accounts_app/models": "rows and constraints, in tests/accounts_app/models/test_models.py",
    "proxy_app/models": "rows, in tests/proxy_app/reports/test_figures.py",
    "proxy_app/wire/operations/rows": "together, in test_table.py and test_columns.py of their package",
}
TRANSLATED = "proxy_app/wire/interactions/translated"
# These do a part of what another module is tested for: the test beside it.
TESTED_WITH = {
    "accounts_app/actions/groups.py": "accounts_app/actions/test_projects.py",
    "accounts_app/actions/resources.py": "accounts_app/admin/resources/test_resource_page.py",
    "accounts_app/actions/setup.py": "accounts_app/actions/test_sign_in.py",
    "accounts_app/actions/sign_in_sessions.py": "accounts_app/actions/test_sign_in.py",
    "accounts_app/api_keys/usage_rows.py": "accounts_app/api_keys/test_usage.py",
    "accounts_app/credentials/store.py": "accounts_app/credentials/test_refresh.py",
    "accounts_app/google/code_assist.py": "accounts_app/google/test_onboarding.py",
    "accounts_app/http_client/body.py": "accounts_app/http_client/test_transport.py",
    "accounts_app/http_client/upload.py": "accounts_app/http_client/test_transport.py",
    "accounts_app/leasing/names_in_memory.py": "accounts_app/leasing/test_owners.py",
    "accounts_app/leasing/owner_news.py": "accounts_app/leasing/test_owners.py",
    "accounts_app/leasing/owner_rows.py": "accounts_app/leasing/test_owners.py",
    "accounts_app/storage/shared_sums.py": "accounts_app/api_keys/test_usage.py",
    **dict.fromkeys(
        (f"accounts_app/storage/spool/{name}.py" for name in ("folder", "reading", "rotation", "sealed_file", "tee")),
        "accounts_app/storage/spool/test_spool.py",
    ),
    "accounts_app/status/diagnostics.py": "proxy_app/admin/test_diagnostics.py",
    "gateway_project/background/database_limits.py": "proxy_app/forwarding/test_outage.py",
    "gateway_project/background/upkeep.py": "proxy_app/ledger/test_retention.py",
    "gateway_project/console/middleware.py": "accounts_app/admin/test_pages.py",
    "gateway_project/console/overview/pictures.py": "gateway_project/console/overview/test_page.py",
    "gateway_project/console/overview/words.py": "gateway_project/console/overview/test_page.py",
    "gateway_project/http/api_handler.py": "proxy_app/forwarding/test_hot_path.py",
    "gateway_project/http/downstream.py": "proxy_app/forwarding/test_leaving.py",
    "proxy_app/api/models/model_list.py": "proxy_app/api/models/test_views.py",
    "proxy_app/api/rendering.py": "proxy_app/api/test_answer_shape.py",
    "proxy_app/errors.py": "proxy_app/api/limits/test_limit_errors.py",
    "proxy_app/forwarding/failures.py": "proxy_app/forwarding/test_fault_matrix.py",
    "proxy_app/forwarding/forward.py": "proxy_app/forwarding/test_attempts.py",
    "proxy_app/forwarding/frames.py": "proxy_app/forwarding/test_stream.py",
    "proxy_app/forwarding/uploads/lost_answers.py": "proxy_app/api/resources/test_uploads.py",
    "proxy_app/forwarding/relay.py": "proxy_app/forwarding/test_ownership.py",
    "proxy_app/reports/sources.py": "proxy_app/reports/test_figures.py",
    **dict.fromkeys(
        (
            f"{TRANSLATED}/from_generate/{name}.py"
            for name in ("answers", "grounding", "pieces", "status", "stream", "whole")
        ),
        f"{TRANSLATED}/from_generate/test_readers.py",
    ),
    f"{TRANSLATED}/media.py": f"{TRANSLATED}/to_generate/test_contents.py",
    f"{TRANSLATED}/values.py": f"{TRANSLATED}/to_generate/test_request.py",
}
# Imports each module that it is given as a new process would.
IMPORTING = """
import importlib, sys
for name in sys.argv[1:]:
    for loaded in [each for each in sys.modules if each.startswith(("accounts_app", "proxy_app"))]:
        del sys.modules[loaded]
    importlib.import_module(name)
"""
BRANCHES = (ast.If, ast.IfExp, ast.Match, ast.For, ast.AsyncFor, ast.While, ast.Try, ast.BoolOp, ast.comprehension)


def modules() -> list[Path]:
    return [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py")) if "migrations" not in path.parts]


def test_imports_go_down_only():
    linter = Path(sys.executable).with_name("lint-imports")

    outcome = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)

    assert outcome.returncode == 0, outcome.stdout


def test_any_module_of_the_pure_packages_may_be_imported_first():
    paths = [path.relative_to(ROOT).with_suffix("") for room in OF_THE_PURE for path in (ROOT / room).rglob("*.py")]
    names = sorted(".".join(path.parts).removesuffix(".__init__") for path in paths)

    outcome = subprocess.run(
        [sys.executable, "-c", IMPORTING, *names], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert outcome.returncode == 0, outcome.stderr


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


def decides(path: Path) -> bool:
    """Whether a module chooses between ways: without a branch it only names or passes on."""
    return any(isinstance(node, BRANCHES) for node in ast.walk(ast.parse(path.read_text())))


def own_test(module: Path) -> Path:
    return Path("tests") / module.parent / f"test_{module.stem}.py"


def test_every_module_that_decides_something_has_a_test_under_its_name():
    """What a package's `__init__` decides is tested under the package's name, `test_<package>.py`, or of its parts."""
    without = [
        str(module)
        for module in (path.relative_to(ROOT) for path in modules())
        if module.stem not in ("__init__", "__main__", "apps")
        and not (ROOT / own_test(module)).exists()
        and not any(module.is_relative_to(room) for room in (*FROM_OUTSIDE, *TESTED_WITH))
        and decides(ROOT / module)
    ]

    assert without == []


def test_no_exemption_is_out_of_date():
    needless = [name for name in TESTED_WITH if (ROOT / own_test(Path(name))).exists() or not decides(ROOT / name)]
    lost = [name for name in (*FROM_OUTSIDE, *TESTED_WITH) if not (ROOT / name).exists()]
    lost += [test for test in TESTED_WITH.values() if not (ROOT / "tests" / test).exists()]

    assert (needless, lost) == ([], [])


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
