"""Stripe's own command line, fetched with npm where that can be reached; it is no part of the product."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

PACKAGE = "@stripe/cli@1.52.0"
_FETCH_SECONDS = 180
_TRIGGER_SECONDS = 60


class StripeCli:
    """The program, turned to an account of the sandbox."""

    def __init__(self, program: Path, home: Path, api_base: str, api_key: str) -> None:
        self._command = [str(program), "trigger", "--api-base", api_base, "--api-key", api_key]
        self._environment = {"HOME": str(home), "PATH": os.environ["PATH"], "STRIPE_CLI_TELEMETRY_OPTOUT": "1"}

    def trigger(self, event: str, *options: str) -> str:
        """Have it make whatever leads to this event; what it printed."""
        done = subprocess.run(
            [*self._command, event, *options],
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=_TRIGGER_SECONDS,
        )
        assert done.returncode == 0, f"{event}: {done.stdout}{done.stderr}"
        return done.stdout


def fetched() -> Path:
    """The program, from an earlier run or from npm's registry; a test that needs it is skipped without both."""
    folder = Path(tempfile.gettempdir()) / f"billing-stripe-cli-{PACKAGE.rpartition('@')[2]}-{os.getuid()}"
    program = folder / "node_modules/.bin/stripe"
    if not program.exists():
        _fetch(folder)
    return program


def _fetch(folder: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("Stripe's CLI is not tried: there is no npm to fetch it with")
    with tempfile.TemporaryDirectory(dir=folder.parent) as made:
        Path(made, "package.json").write_text('{"private": true}')
        command = [npm, "install", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=0", PACKAGE]
        try:
            done = subprocess.run(
                command, cwd=made, capture_output=True, text=True, check=False, timeout=_FETCH_SECONDS
            )
        except subprocess.TimeoutExpired:
            pytest.skip(f"Stripe's CLI is not tried: npm did not fetch {PACKAGE} within {_FETCH_SECONDS} s")
        if done.returncode != 0:
            pytest.skip(f"Stripe's CLI is not tried: npm can't fetch {PACKAGE}")
        if not folder.exists():
            Path(made).rename(folder)
            Path(made).mkdir()
