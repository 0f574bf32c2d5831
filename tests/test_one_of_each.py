"""What every part of the gateway needs is made in one module: a second maker would differ from the first one day."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.documents import ROOT

ERROR_BODIES = "proxy_app/wire/faults/error_bodies.py"
NETWORKS = "accounts_app/pool/access/networks.py"
ERROR_AS_TEXT = re.compile(r"""\{\s*["']error["']\s*:""")


def modules() -> Iterator[tuple[str, ast.Module]]:
    for part in ("gateway_project", "proxy_app", "accounts_app"):
        for path in sorted((ROOT / part).rglob("*.py")):
            yield str(path.relative_to(ROOT)), ast.parse(path.read_text(encoding="utf-8"))


def makes_an_error_body(tree: ast.AST) -> bool:
    """Whether code writes `{"error": …}`, as a dict, by `dict(error=…)` or as text."""
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    filled_in = {id(node.right) for node in ast.walk(tree) if isinstance(node, ast.BinOp)}  # what `%` formats
    for node in ast.walk(tree):
        match node:
            case ast.Dict(keys=keys) if id(node) not in filled_in:
                if any(isinstance(key, ast.Constant) and key.value == "error" for key in keys):
                    return True
            case ast.Call(func=ast.Name(id="dict"), keywords=keywords) if "error" in [one.arg for one in keywords]:
                return True
            case ast.Constant(value=str() | bytes() as text) if id(node) not in docstrings:
                if ERROR_AS_TEXT.search(text if isinstance(text, str) else text.decode("latin-1")):
                    return True
    return False


def asks_for_a_loopback_address(tree: ast.AST) -> bool:
    return any(isinstance(node, ast.Attribute) and node.attr == "is_loopback" for node in ast.walk(tree))


@pytest.mark.parametrize(
    ("does", "where"),
    [(makes_an_error_body, ERROR_BODIES), (asks_for_a_loopback_address, NETWORKS)],
    ids=["an error body of Google's", "what this machine is"],
)
def test_it_is_in_one_module(does, where: str):
    assert [name for name, tree in modules() if does(tree)] == [where]


@pytest.mark.parametrize(
    "source",
    [
        'body = {"error": {"code": 404}}',
        'body = dict(error={"code": 404})',
        "body = b'{ \"error\": {}}'",
        "body = f'{{\"error\": {code}}}'",
    ],
)
def test_a_second_maker_of_error_bodies_is_found(source: str):
    assert makes_an_error_body(ast.parse(source))


@pytest.mark.parametrize(
    "source", ['"""A `{"error": …}` object."""', 'found = body["error"]', 'text = "%(error)s" % {"error": "no"}']
)
def test_what_only_reads_or_describes_an_error_is_no_maker(source: str):
    assert not makes_an_error_body(ast.parse(source))
