"""The page of cases tells the truth: every test that it names exists and names its case."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (ROOT / "docs/cases.md").read_text().splitlines()
    if line.startswith("| ") and not line.startswith("| case ")
]
CASES = [(case, re.findall(r"`([^`]+)`", held_by)) for case, held_by in ROWS if held_by != "not built yet"]
REFERENCE = re.compile(r"[\w-]+(?:#\d+| PR \d+)")


def found(test: str) -> ast.FunctionDef | None:
    """The function behind `path::name` or `path::Class::name`."""
    path, *names = test.split("::")
    if not (ROOT / path).is_file():
        return None
    node: ast.AST = ast.parse((ROOT / path).read_text())
    for name in names:
        inner = [n for n in ast.iter_child_nodes(node) if isinstance(n, ast.ClassDef | ast.FunctionDef)]
        node = next((n for n in inner if n.name == name), ast.Pass())
    return node if isinstance(node, ast.FunctionDef) else None


def test_the_table_is_read() -> None:
    assert len(CASES) > 40
    assert all(len(row) == 2 for row in ROWS)
    assert found("tests/unit/test_cases.py::no_such_test") is None
    assert found("tests/unit/no_such_file.py::test_the_table_is_read") is None


@pytest.mark.parametrize(("case", "tests"), CASES, ids=[case[:60] for case, _ in CASES])
def test_every_case_is_held_by_tests_that_exist_and_name_it(case: str, tests: list[str]) -> None:
    assert tests, "neither a test nor a word that it is not built yet"
    functions = [found(test) for test in tests]
    assert all(functions), [test for test in tests if found(test) is None]
    told = " ".join(ast.get_docstring(function) or "" for function in functions if function)
    assert told, "no test of it says what went wrong elsewhere"
    assert set(REFERENCE.findall(case)) <= set(REFERENCE.findall(told))
