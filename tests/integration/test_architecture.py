"""The direction of every import is kept, and each contract is seen to fail where it is broken."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

BREACHES = {
    "layers": ("src/billing/domain/money.py", "import billing.application.ports"),
    "pure-core": ("src/billing/application/ports.py", "import sqlalchemy"),
    "adapters-are-strangers": ("src/billing/adapters/telemetry.py", "import billing.adapters.huey_queue"),
    "one-composition-root": ("src/billing/entrypoints/worker.py", "import billing.adapters.huey_queue"),
    "worlds-apart": ("src/billing_sandbox/clock.py", "import billing.domain.money"),
}
"""For each contract, one line that breaks it."""


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The project's source in a folder of its own."""
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def lint(folder: Path, *contracts: str) -> subprocess.CompletedProcess[str]:
    wanted = [argument for contract in contracts for argument in ("--contract", contract)]
    program = "import sys; sys.path.insert(0, 'src'); from importlinter.cli import lint_imports_command as run; run()"
    return subprocess.run(
        [sys.executable, "-c", program, "--no-cache", *wanted], cwd=folder, capture_output=True, text=True, check=False
    )


def test_every_contract_is_kept() -> None:
    result = lint(ROOT)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize("contract", BREACHES)
def test_a_broken_contract_is_seen(copy: Path, contract: str) -> None:
    file, line = BREACHES[contract]
    path = copy / file
    path.write_text(f"{path.read_text()}\n{line}\n")
    result = lint(copy, contract)
    assert result.returncode == 1, result.stdout
    assert "BROKEN" in result.stdout


def test_a_room_outside_the_plan_is_seen(copy: Path) -> None:
    (copy / "src/billing/helpers.py").write_text("")
    result = lint(copy, "layers")
    assert result.returncode == 1, result.stdout
    assert "billing.helpers" in result.stdout


PURE = """
import pkgutil, sys
sys.path.insert(0, {source!r})
import billing.domain, billing.application
for package in (billing.domain, billing.application):
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        __import__(module.name)
"""


def test_the_core_runs_on_the_standard_library_alone() -> None:
    result = _import_core(ROOT / "src")
    assert result.returncode == 0, result.stderr


def test_a_third_party_import_in_the_core_is_seen(copy: Path) -> None:
    path = copy / "src/billing/domain/term.py"
    path.write_text(f"{path.read_text()}\nimport dateutil\n")
    result = _import_core(copy / "src")
    assert result.returncode == 1
    assert "No module named 'dateutil'" in result.stderr


def _import_core(source: Path) -> subprocess.CompletedProcess[str]:
    program = PURE.format(source=str(source))
    return subprocess.run([sys.executable, "-S", "-E", "-c", program], capture_output=True, text=True, check=False)
