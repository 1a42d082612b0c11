"""Every command says what it does, and speaks to programs as well as to people."""

from collections.abc import Iterator

import click
import pytest

from billing.entrypoints.cli import cli

RUNNING = {"billing demo", "billing serve", "billing worker", "billing sandbox"}
"""They go on, and answer nothing."""


def commands(command: click.Command = cli, path: str = "billing") -> Iterator[tuple[str, click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        for name, below in command.commands.items():
            yield from commands(below, f"{path} {name}")


@pytest.mark.parametrize(("path", "command"), list(commands()))
def test_every_command_and_option_has_a_help(path: str, command: click.Command) -> None:
    assert command.help, path
    options = [one for one in command.params if isinstance(one, click.Option)]
    assert [one.opts for one in options if not one.help] == []


@pytest.mark.parametrize("path", [path for path, one in commands() if not isinstance(one, click.Group)])
def test_every_answer_is_had_as_json(path: str) -> None:
    command = dict(commands())[path]
    assert any("--json" in one.opts for one in command.params) == (path not in RUNNING)
