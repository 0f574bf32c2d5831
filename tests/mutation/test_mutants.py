"""The mutants that are made of a module."""

import pytest

from tests.mutation.mutants import mutants_of

SOURCE = '''
"""A docstring stays."""
from enum import Enum

LIMIT: int = 3

class Kind(Enum):
    ONE = "one"

def few(numbers: list[int], most: int = LIMIT) -> bool:
    """So does this one."""
    assert numbers is not None
    if not numbers:
        return True
    return len(numbers) <= most and numbers[0] != 0
'''


def changes(source: str) -> set[tuple[str, str]]:
    return {(mutant.before, mutant.after) for mutant in mutants_of("module", source, "module.py")}


def test_constants_conditions_comparisons_and_returns_are_mutated():
    returned = "return len(numbers) <= most and numbers[0] != 0"

    assert changes(SOURCE) == {
        ("LIMIT: int = 3", "LIMIT: int = 4"),
        ("not numbers", "numbers"),
        ("return True", "return False"),
        (returned, "return not (len(numbers) <= most and numbers[0] != 0)"),
        (returned, "return len(numbers) <= most or numbers[0] != 0"),
        (returned, "return len(numbers) < most and numbers[0] != 0"),
        (returned, "return len(numbers) <= most and numbers[0] == 0"),
        (returned, "return len(numbers) <= most and numbers[1] != 0"),
        (returned, "return len(numbers) <= most and numbers[0] != 1"),
    }


@pytest.mark.parametrize(
    ("line", "mutated"),
    [
        ("x = y + 1", {"x = y - 1", "x = y + 2"}),
        ("x += 1", {"x -= 1", "x += 2"}),
        ("x = min(a, b)", {"x = max(a, b)"}),
        ("x = [a for a in b if a]", {"x = [a for a in b if not a]"}),
        ("x = 1 if a else b", {"x = 2 if a else b", "x = 1 if not a else b"}),
        ("x = a is None", {"x = a is not None"}),
        ('x = "a"', {"x = 'a~'"}),
        ('x = f"a {b[1]}"', {"x = f'a {b[2]}'"}),
        ("from a import b", set()),
    ],
)
def test_each_mutant_has_one_mistake(line, mutated):
    assert {after for _, after in changes(line)} == mutated


def test_a_mutant_is_known_by_where_it_is_and_is_code_that_runs():
    (mutant,) = mutants_of("package.module", "def f(x):\n    return x > 3 if x else None\n", "m.py")[:1]
    space: dict = {}
    exec(mutant.code, space)

    assert mutant.name.startswith("module f: `return x > 3 if x else None` → ")
    assert callable(space["f"])
    assert mutant.line == 2
