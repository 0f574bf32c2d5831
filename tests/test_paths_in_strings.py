"""What strings name exists: modules, templates, static files, URL names, permissions, code for an interpreter.

When a module moves, neither imports nor types find these.
"""

from __future__ import annotations

import ast
import contextlib
import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.staticfiles import finders
from django.template import TemplateDoesNotExist
from django.template.loader import get_template
from django.urls import get_resolver
from django.urls.resolvers import URLResolver
from django.utils.module_loading import import_string

from tests.documents import DOCUMENTS, ROOT

OURS = ("gateway_project", "proxy_app", "accounts_app", "emulator", "bench", "tests")
SOURCES = [
    ROOT / "manage.py",
    *(path for room in OURS for path in sorted((ROOT / room).rglob("*.py")) if "migrations" not in path.parts),
]
TEMPLATES = [path for room in OURS for path in sorted((ROOT / room).rglob("templates/**/*.html"))]
DOTTED = re.compile(rf"(?:{'|'.join(OURS)})(?:\.\w+)+(?::\w+)?")
ADDRESS = re.compile(r"admin:\w*[a-z]")
TAG = re.compile(r"""\{% (extends|include|static|url) ["']([^"']+)["']""")
RUN = re.compile(rf"-m ((?:{'|'.join(OURS)})(?:\.\w+)*)")
# Strings of the same form that name nothing: a salt, and the path of a container that a test counts.
NOT_NAMES = {"proxy_app.api.operator_pass", "accounts_app.leasing._lender.board._lineups"}


@cache
def strings(path: Path) -> frozenset[str]:
    """Every string in a source but docstrings; in an f-string `\\0` stands for each value."""
    return frozenset(_strings(ast.parse(path.read_text())))


def _strings(tree: ast.AST) -> Iterator[str]:
    parts = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    alone = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        match node:
            case ast.JoinedStr():
                filled = (part.value if isinstance(part, ast.Constant) else "\0" for part in node.values)
                yield "".join(map(str, filled))
            case ast.Constant(value=str() as text) if id(node) not in parts | alone:
                yield text


@cache
def names_in(path: Path) -> frozenset[str]:
    """The names at the top level of a module, defined or imported."""
    found: set[str] = set()
    for node in ast.parse(path.read_text()).body:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                found.add(node.name)
            case ast.Import() | ast.ImportFrom():
                found |= {alias.asname or alias.name.partition(".")[0] for alias in node.names}
            case ast.Assign() | ast.AnnAssign():
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                found |= {each.id for target in targets for each in ast.walk(target) if isinstance(each, ast.Name)}
    return frozenset(found)


def is_there(name: str) -> bool:
    """Whether a module, or a name in one, exists. Nothing is imported, as some modules are only to be run."""
    within = ROOT.joinpath(*name.split("."))
    if within.with_suffix(".py").exists() or (within / "__init__.py").exists():
        return True
    home = next(filter(Path.exists, (within.parent.with_suffix(".py"), within.parent / "__init__.py")), None)
    if home is None and within.parent.name[:1].isupper():
        return is_there(name.rpartition(".")[0])  # a member of a class
    return home is not None and within.name in names_in(home)


def has_template(name: str) -> bool:
    try:
        return get_template(name) is not None
    except TemplateDoesNotExist:
        return False


def is_model(name: str) -> bool:
    try:
        return apps.get_model(name) is not None
    except (LookupError, ValueError):
        return False


@cache
def rights() -> frozenset[str]:
    return frozenset(
        f"{model._meta.app_label}.{right}"
        for model in apps.get_models()
        for right in (
            *(f"{verb}_{model._meta.model_name}" for verb in model._meta.default_permissions),
            *(name for name, _ in model._meta.permissions),
        )
    )


@cache
def addresses() -> frozenset[str]:
    """The names of all URLs, with their namespaces."""

    def walk(resolver: URLResolver, space: str = "") -> Iterator[str]:
        for each in resolver.url_patterns:
            if isinstance(each, URLResolver):
                yield from walk(each, f"{space}{each.namespace}:" if each.namespace else space)
            elif each.name:
                yield f"{space}{each.name}"

    return frozenset(walk(get_resolver()))


def lost(found: Callable[[Path], Iterable[str]], sources: Iterable[Path] = SOURCES) -> dict[str, list[str]]:
    """What `found` finds in each source, where it finds anything."""
    return {str(path.relative_to(ROOT)): names for path in sources if (names := sorted(found(path)))}


def test_every_name_in_the_code_leads_somewhere():
    def unknown(path: Path) -> set[str]:
        dotted = {text for text in strings(path) if DOTTED.fullmatch(text)} - NOT_NAMES
        return {text for text in dotted if not (is_there(text.replace(":", ".")) or is_model(text) or text in rights())}

    assert lost(unknown) == {}


def test_code_handed_to_an_interpreter_finds_what_it_imports():
    def unknown(path: Path) -> Iterator[str]:
        for text in strings(path):
            if re.search(r"\b(from|import) [a-z]", text):
                with contextlib.suppress(SyntaxError):  # prose
                    yield from (name for name in used_by(ast.parse(text.replace("\0", "None"))) if not is_there(name))

    assert lost(unknown) == {}


def used_by(code: ast.AST) -> set[str]:
    """What code imports from our modules, and the attributes that it uses of those."""
    imported = {
        alias.asname or alias.name: f"{node.module}.{alias.name}"
        for node in ast.walk(code)
        if isinstance(node, ast.ImportFrom) and str(node.module).partition(".")[0] in OURS
        for alias in node.names
    }
    taken = {
        f"{imported[node.value.id]}.{node.attr}"
        for node in ast.walk(code)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in imported
    }
    return taken | set(imported.values())


def test_every_template_and_address_in_the_code_is_there():
    def unknown(path: Path) -> Iterator[str]:
        named = {text for text in strings(path) if ADDRESS.fullmatch(text)}
        yield from (named | set(re.findall(r'\breverse\("(\w+)"', path.read_text()))) - addresses()
        for text in strings(path):
            if re.fullmatch(r"(console|admin|proxy_app)/[\w/]+\.html", text) and not has_template(text):
                yield text

    assert lost(unknown) == {}


def test_every_template_file_and_address_in_a_template_is_there():
    def unknown(path: Path) -> Iterator[str]:
        for tag, name in TAG.findall(path.read_text()):
            known = {"url": addresses().__contains__, "static": finders.find}.get(tag, has_template)
            if not known(name):
                yield f"{tag} {name}"

    assert lost(unknown, TEMPLATES) == {}


def test_every_name_in_the_settings_can_be_imported():
    def texts(value: object) -> Iterator[str]:
        match value:
            case str():
                yield str(value)  # some are lazy
            case dict():
                for each in value.values():
                    yield from texts(each)
            case list() | tuple():
                for each in value:
                    yield from texts(each)

    named = {
        text
        for setting in dir(settings)
        if setting.isupper()
        for text in texts(getattr(settings, setting))
        if re.fullmatch(r"[a-z_]+(\.[A-Za-z_]\w*)+", text) and text.partition(".")[0] in {*OURS, "django", "unfold"}
    }

    assert "gateway_project.console.overview.page.context" in named
    for text in named:
        if not (is_there(text) or apps.is_installed(text)):
            import_string(text)


@pytest.mark.parametrize("name", ["Makefile", ".ci/run", "docs/TESTING.md", *DOCUMENTS])
def test_every_module_that_is_run_by_name_is_there(name: str):
    assert [module for module in RUN.findall((ROOT / name).read_text()) if not is_there(module)] == []


def test_every_dotted_name_in_the_configuration_of_tools_is_there():
    named = {text for text in re.findall(r'"([^"]+)"', (ROOT / "pyproject.toml").read_text()) if DOTTED.fullmatch(text)}

    assert [text for text in named if not is_there(text)] == []
