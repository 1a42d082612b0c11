"""The command line in this process: what a person types, what is said to it, and with which exit code it ends."""

import json
import logging
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from typing import Any, NamedTuple

import pytest

from billing.entrypoints.cli import main


class Said(NamedTuple):
    """How a command ended: its exit code, and what it said on standard output and on standard error."""

    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        """All that was said."""
        return self.out + self.err


def typed(*words: str) -> Said:
    """One command, run as `billing` itself runs it; what it set up to log ends with it."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    out, err = StringIO(), StringIO()
    try:
        with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as ended:
            main(words)
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
    return Said(int(ended.value.code or 0), out.getvalue(), err.getvalue())


def heard(*words: str) -> tuple[int, str]:
    """The same, for whom it does not matter where something is said."""
    said = typed(*words)
    return said.code, said.text


def told(*words: str) -> Any:
    """What a program is told by a command that works."""
    said = typed(*words, "--json")
    assert said.code == 0, said.text
    return json.loads(said.out)


def refused(*words: str) -> str:
    """The one sentence with which billing refuses a command."""
    said = typed(*words)
    assert (said.code, said.err.startswith("billing: ")) == (1, True), said.text
    return said.err.removeprefix("billing: ").rstrip()
