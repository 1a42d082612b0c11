"""What no linter sees in our source: a mapping that names one key twice, of which the latter silently wins."""

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

SRC = Path(__file__).parents[2] / "src"


def repeated_keys(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Dict):
            said = Counter(ast.unparse(key) for key in node.keys if key is not None)
            yield from (f"line {node.lineno}: {key}" for key, times in said.items() if times > 1)


def test_a_key_that_stands_twice_is_found() -> None:
    assert list(repeated_keys("at = {Kind.A: 40, Kind.B: 40, Kind.A: 30, **more}")) == ["line 1: Kind.A"]


@pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in sorted(SRC.rglob("*.py"))])
def test_no_mapping_names_a_key_twice(path: Path) -> None:
    assert list(repeated_keys(path.read_text(encoding="utf-8"))) == []
