"""The mutants of one module: each has one small mistake, in the order of the source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from types import CodeType

SWAPPED: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.And: ast.Or, ast.Or: ast.And,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.Div: ast.Mult, ast.Mod: ast.Add,
}  # fmt: skip
RENAMED = {"min": "max", "max": "min", "any": "all", "all": "any"}
LONGEST = 110


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change: where it is, the source there before and after it, and the code of the whole module with it.

    place   function or class that holds it, dotted; "" for the module itself
    """

    module: str
    line: int
    place: str
    before: str
    after: str
    code: CodeType

    @property
    def name(self) -> str:
        """Its name in reports. Without line and package, so that edits elsewhere and moves do not change it."""
        return f"{self.module.rpartition('.')[2]} {self.place or '(module)'}: `{self.before}` → `{self.after}`"


def mutants_of(module: str, source: str, path: str) -> list[Mutant]:
    tree = ast.parse(source)
    found = []
    for change in _Changes().of(tree):
        before = change.shown()
        change.apply()
        after = change.shown()
        code = compile(ast.fix_missing_locations(tree), path, "exec")
        change.undo()
        found.append(Mutant(module, change.line, change.place, *_differing(before, after), code))
    return found


def _differing(before: str, after: str) -> tuple[str, str]:
    """Both texts; of long ones, the part around the difference."""
    if max(len(before), len(after)) <= LONGEST:
        return before, after
    same = next((at for at, pair in enumerate(zip(before, after, strict=False)) if pair[0] != pair[1]), 0)
    start = max(same - LONGEST // 2, 0)
    return before[start : start + LONGEST], after[start : start + LONGEST]


@dataclass(slots=True)
class _Change:
    """A field of a node (or one of the field's values, at `index`) that becomes `new`; it is shown within `around`.

    Of an `if` or `while` only the test is shown, not the block below it.
    """

    node: ast.AST
    field: str
    new: object
    around: ast.AST
    place: str
    index: int | None = None

    @property
    def line(self) -> int:
        return getattr(self.node, "lineno", None) or getattr(self.around, "lineno", 0)

    def shown(self) -> str:
        seen = self.around.test if isinstance(self.around, ast.If | ast.While) else self.around
        return " ".join(ast.unparse(seen).split())

    def apply(self) -> None:
        if self.index is None:
            old = getattr(self.node, self.field)
            setattr(self.node, self.field, self.new)
        else:
            values = getattr(self.node, self.field)
            old, values[self.index] = values[self.index], self.new
        self.new = old

    undo = apply


class _Changes:
    """Walks a module. Not changed: docstrings, annotations, decorators, asserts, imports and the text of f-strings."""

    def of(self, tree: ast.Module) -> Iterator[_Change]:
        yield from self._block(tree.body, "")

    def _block(self, statements: list[ast.stmt], place: str) -> Iterator[_Change]:
        for statement in statements:
            yield from self._statement(statement, place)

    def _statement(self, node: ast.stmt, place: str) -> Iterator[_Change]:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                inner = f"{place}.{node.name}".lstrip(".")
                if isinstance(node, ast.FunctionDef):
                    yield from self._defaults(node, inner)
                yield from self._block(_mutable_body(node), inner)
            case ast.Import() | ast.ImportFrom() | ast.Assert() | ast.Pass() | ast.Expr(value=ast.Constant()):
                return
            case ast.Assign(targets=[ast.Name(id="__all__" | "__slots__")]):
                return
            case ast.If() | ast.While():
                yield from self._negated(node, "test", node.test, node, place)
                yield from self._expression(node.test, node, place)
                yield from self._block(node.body + node.orelse, place)
            case ast.AugAssign() if type(node.op) in SWAPPED:
                yield _Change(node, "op", SWAPPED[type(node.op)](), node, place)
                yield from self._expression(node.value, node, place)
            case ast.Return(value=ast.expr() as value):
                yield from self._returned(node, value, place)
                yield from self._expression(value, node, place)
            case _:
                yield from self._parts(node, place)

    def _parts(self, node: ast.AST, place: str) -> Iterator[_Change]:
        """Changes in any other statement: in its expressions, shown with it, and in the statements inside it."""
        simple = not hasattr(node, "body") and not isinstance(node, ast.Match | ast.Try)
        for name, value in ast.iter_fields(node):
            if name == "annotation":
                continue
            for each in value if isinstance(value, list) else [value]:
                if isinstance(each, ast.stmt):
                    yield from self._statement(each, place)
                elif isinstance(each, ast.expr):
                    yield from self._expression(each, node if simple else each, place)
                elif isinstance(each, ast.pattern):
                    for pattern in ast.walk(each):
                        if isinstance(pattern, ast.MatchValue):
                            yield from self._expression(pattern.value, each, place)
                elif isinstance(each, ast.match_case | ast.ExceptHandler | ast.withitem):
                    yield from self._parts(each, place)

    def _defaults(self, node: ast.FunctionDef, place: str) -> Iterator[_Change]:
        for default in [*node.args.defaults, *[each for each in node.args.kw_defaults if each]]:
            yield from self._expression(default, default, place)

    def _returned(self, node: ast.Return, value: ast.expr, place: str) -> Iterator[_Change]:
        if isinstance(value, ast.Compare | ast.BoolOp) or (isinstance(value, ast.UnaryOp) and _is_not(value)):
            yield from self._negated(node, "value", value, node, place)
        elif not (isinstance(value, ast.Constant) and value.value in (None, True, False)):
            yield _Change(node, "value", ast.Constant(None), node, place)

    def _negated(self, node: ast.AST, field: str, test: ast.expr, shown: ast.AST, place: str) -> Iterator[_Change]:
        if isinstance(test, ast.UnaryOp) and _is_not(test):
            yield _Change(node, field, test.operand, shown, place)
        elif not isinstance(test, ast.Compare) and not (isinstance(test, ast.Name) and test.id == "TYPE_CHECKING"):
            yield _Change(node, field, ast.UnaryOp(ast.Not(), test), shown, place)

    def _expression(self, node: ast.expr, shown: ast.AST, place: str) -> Iterator[_Change]:
        match node:
            case ast.JoinedStr():
                for value in node.values:
                    if isinstance(value, ast.FormattedValue):
                        yield from self._expression(value.value, shown, place)
                return
            case ast.Constant():
                for other in _other_constants(node.value):
                    yield _Change(node, "value", other, shown, place)
            case ast.Compare():
                for index, operator in enumerate(node.ops):
                    yield _Change(node, "ops", SWAPPED[type(operator)](), shown, place, index)
            case ast.BoolOp():
                yield _Change(node, "op", SWAPPED[type(node.op)](), shown, place)
            case ast.BinOp() if type(node.op) in SWAPPED:
                yield _Change(node, "op", SWAPPED[type(node.op)](), shown, place)
            case ast.Name() if node.id in RENAMED:
                yield _Change(node, "id", RENAMED[node.id], shown, place)
            case ast.IfExp():
                yield from self._negated(node, "test", node.test, shown, place)
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.keyword) and child.arg in ("strict", "slots", "frozen"):
                continue
            yield from self._inside(child, shown, place)

    def _inside(self, child: ast.AST, shown: ast.AST, place: str) -> Iterator[_Change]:
        if isinstance(child, ast.expr):
            yield from self._expression(child, shown, place)
        elif isinstance(child, ast.comprehension):
            for test_at, test in enumerate(child.ifs):
                yield _Change(child, "ifs", ast.UnaryOp(ast.Not(), test), shown, place, test_at)
            yield from self._parts_of_comprehension(child, shown, place)
        elif isinstance(child, ast.keyword):
            yield from self._expression(child.value, shown, place)

    def _parts_of_comprehension(self, child: ast.comprehension, shown: ast.AST, place: str) -> Iterator[_Change]:
        for each in [child.iter, *child.ifs]:
            yield from self._expression(each, shown, place)


def _mutable_body(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> list[ast.stmt]:
    """The body, without the values of a plain Enum, which no code reads."""
    if isinstance(node, ast.ClassDef) and any(isinstance(base, ast.Name) and base.id == "Enum" for base in node.bases):
        return [each for each in node.body if not isinstance(each, ast.Assign)]
    return node.body


def _is_not(node: ast.UnaryOp) -> bool:
    return isinstance(node.op, ast.Not)


def _other_constants(value: object) -> list[object]:
    match value:
        case bool():
            return [not value]
        case int() | float():
            return [value + 1]
        case str():
            return [f"{value}~"] if value else ["~"]
        case bytes():
            return [value + b"~"]
        case _:
            return []
