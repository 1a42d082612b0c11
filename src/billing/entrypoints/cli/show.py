"""How commands speak: tables for people, JSON for programs."""

import getpass
import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

T = TypeVar("T")
Command = TypeVar("Command", bound=Callable[..., Any])

LIMIT = click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="At most so many.")
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Speak JSON, for programs.")


def by_status(statuses: type[StrEnum]) -> Callable[[Command], Command]:
    """An option that leaves those of one status."""
    wanted = click.Choice([status.value for status in statuses])
    return click.option("--status", type=wanted, help="Only those that stand so.")


def operator() -> str:
    """Who the history says it was."""
    try:
        return f"operator {getpass.getuser()}"
    except (KeyError, OSError):
        return "operator"


def say(as_json: bool, facts: Mapping[str, Any], sentence: str) -> None:
    """One result."""
    click.echo(json.dumps(facts, default=str) if as_json else sentence.format(**facts))


def show(as_json: bool, rows: Sequence[Mapping[str, Any]], title: str = "") -> None:
    """Many of a kind."""
    if as_json:
        click.echo(json.dumps(rows, default=str))
        return
    if not rows:
        click.echo(f"{title or 'rows'}: none")
        return
    table = Table(title=title or None, title_justify="left", box=None, header_style="bold", pad_edge=False)
    for name in rows[0]:
        table.add_column(name.replace("_", " "), overflow="fold")
    for row in rows:
        table.add_row(*(Text(_cell(value)) for value in row.values()))
    Console(width=None if Console().is_terminal else 200).print(table)


def show_one(as_json: bool, facts: Mapping[str, Any], **parts: Sequence[Mapping[str, Any]]) -> None:
    """One thing with all that is known of it, and the tables of what belongs to it."""
    if as_json:
        say(True, {**facts, **parts}, "")
        return
    show(False, [{"field": name, "value": value} for name, value in facts.items()])
    show_parts(parts)


def show_parts(parts: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
    """What belongs to one thing, for people: a table for each kind, by its title."""
    for title, rows in parts.items():
        click.echo()
        show(False, rows, title)


def progress(work: Iterable[T], length: int | None, as_json: bool) -> AbstractContextManager[Iterable[T]]:
    """What is worked through, with a bar on standard error where a person watches."""
    hidden = as_json or not sys.stderr.isatty()
    return click.progressbar(work, length=length, file=sys.stderr, hidden=hidden)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:%Y-%m-%d %H:%M:%S}" if isinstance(value, datetime) else str(value)
