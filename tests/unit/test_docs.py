"""What the documentation shows is run."""

import doctest
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_page_about_the_domain_is_true() -> None:
    results = doctest.testfile(str(ROOT / "docs/domain.md"), module_relative=False)
    assert results.attempted > 5
    assert results.failed == 0
