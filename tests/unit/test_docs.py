"""What the documentation shows is run."""

import doctest
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_page_about_the_domain_is_true() -> None:
    results = doctest.testfile(str(ROOT / "docs/domain.md"), module_relative=False)
    assert results.attempted > 5
    assert results.failed == 0


def test_every_setting_is_documented_and_nothing_else() -> None:
    source = (ROOT / "src/billing/entrypoints/settings.py").read_text()
    read = set(re.findall(r'env(?:\.\w+\(|, )"([A-Z_]+)"', source)) - {"BILLING_"}
    tables = [line.split("|")[1] for line in (ROOT / "docs/settings.md").read_text().splitlines() if "|" in line]
    assert set(re.findall(r"`([A-Z_]+)`", " ".join(tables))) == read
