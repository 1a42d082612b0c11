"""Outcomes as a table for people, as JSON for programs, and as Markdown for the documentation."""

import json
import os
import platform
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from faults.outcome import LEASE_SECONDS, Outcome
from faults.phone_stories import PHONE_STORIES
from faults.stories import RENEWALS, STORIES

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
_KILLS = tuple(story.name for story in (*STORIES, *PHONE_STORIES, *RENEWALS))


@dataclass
class Report:
    """What has come out so far."""

    command: str
    began: str = field(default_factory=lambda: f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC")
    seconds: float = 0.0
    machine: str = field(default_factory=lambda: f"{os.cpu_count()} processors, Python {platform.python_version()}")
    outcomes: list[Outcome] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)

    @property
    def is_good(self) -> bool:
        """Whether all that was carried out went well, and something was."""
        return bool(self.outcomes) and all(outcome.is_good for outcome in self.outcomes)

    def write(self, file: Path) -> None:
        """As JSON."""
        file.parent.mkdir(parents=True, exist_ok=True)
        rows = [outcome.to_json() for outcome in self.outcomes]
        file.write_text(json.dumps({**vars(self), "outcomes": rows, "lease_seconds": LEASE_SECONDS}, indent=1) + "\n")

    @classmethod
    def read(cls, file: Path) -> "Report":
        """What was written."""
        found = json.loads(file.read_text())
        rows = [Outcome.from_json(row) for row in found.pop("outcomes")]
        del found["lease_seconds"]
        return cls(**found, outcomes=rows)


# ---------------------------------------------------------------------- for people


def line(outcome: Outcome) -> str:
    """One outcome, as soon as it is known."""
    mark = "[green]good[/]" if outcome.is_good else "[bold red]BAD [/]"
    text = f"{mark} {_seconds(outcome):>7}  {outcome.stack}: {outcome.scenario}: {outcome.done}: {outcome.came}"
    return text + "".join(f"\n       {trouble}" for trouble in _troubles(outcome))


def show(report: Report, console: Console) -> None:
    """All of them, in one table, and what they come to."""
    table = Table(title=f"Real faults, {report.machine}")
    for heading in ("scenario", "stack", "what was done", "what came out"):
        table.add_column(heading, overflow="fold")
    for heading in ("recovered in", "bound", "duplicates", "losses"):
        table.add_column(heading, justify="right")
    for outcome in report.outcomes:
        counts = (str(len(outcome.tally.duplicates)), str(len(outcome.tally.losses)))
        row = (outcome.scenario, outcome.stack, outcome.done, _came(outcome), _seconds(outcome))
        table.add_row(*row, f"{outcome.bound_seconds:g} s", *counts, style=None if outcome.is_good else "red")
    console.print(table)
    for scenario, why in report.skipped.items():
        console.print(f"not run here: {scenario}: {why}")
    console.print(summary(report))


def summary(report: Report) -> str:
    """In a sentence."""
    good = sum(outcome.is_good for outcome in report.outcomes)
    duplicates = sum(len(outcome.tally.duplicates) for outcome in report.outcomes)
    losses = sum(len(outcome.tally.losses) for outcome in report.outcomes)
    orders = sum(outcome.tally.orders for outcome in report.outcomes)
    return (
        f"{good} of {len(report.outcomes)} faults were survived as promised: {orders} orders, {duplicates} duplicates, "
        f"{losses} losses, {report.seconds:.0f} s in all"
    )


# ---------------------------------------------------------------------- for the documentation


def markdown(report: Report) -> str:
    """Kills with a column for each stack, then outages and storms."""
    kills = [outcome for outcome in report.outcomes if outcome.scenario in _KILLS]
    others = [outcome for outcome in report.outcomes if outcome.scenario not in _KILLS]
    head = f"`{report.command}`, {report.began}, {report.machine}: {summary(report)}."
    skipped = [f"Not run there: {scenario} ({why})." for scenario, why in report.skipped.items()]
    return "\n\n".join([head, *skipped, "\n".join(_kills_table(kills)), "\n".join(_others_table(others))]) + "\n"


def put_into(page: Path, report: Report) -> None:
    """Between the two marks of the page."""
    before, _, rest = page.read_text().partition(BEGIN)
    _, mark, after = rest.partition(END)
    if not mark:
        raise ValueError(f"{page} has no {BEGIN} followed by {END}")
    page.write_text(f"{before}{BEGIN}\n\n{markdown(report)}\n{END}{after}")


def _kills_table(kills: Sequence[Outcome]) -> Iterator[str]:
    stacks = list(dict.fromkeys(outcome.stack for outcome in kills))
    yield f"| story | killed | {' | '.join(f'recovered, {stack}' for stack in stacks)} | duplicates | losses |"
    yield f"|---|---|{'---:|' * (len(stacks) + 2)}"
    by_step: dict[tuple[str, str, int], dict[str, Outcome]] = {}
    passed = Counter[tuple[str, str, str]]()
    for outcome in kills:
        step = (outcome.scenario, outcome.done, outcome.stack)
        passed[step] += 1  # a story may pass a step of that name more than once, and is killed at each
        by_step.setdefault((outcome.scenario, outcome.done, passed[step]), {})[outcome.stack] = outcome
    for (story, done, _), on in sorted(by_step.items(), key=lambda step: (_place(step[0][0]), *step[0][1:])):
        seconds = " | ".join(_seconds(on[stack]) if stack in on else "" for stack in stacks)
        yield f"| {story} | {done} | {seconds} | {_count(on, 'duplicates')} | {_count(on, 'losses')} |"


def _others_table(others: Sequence[Outcome]) -> Iterator[str]:
    yield "| fault | stack | what was done | what came out | recovered | duplicates | losses |"
    yield "|---|---|---|---|---:|---:|---:|"
    for outcome in sorted(others, key=lambda outcome: outcome.scenario):
        counts = f"{len(outcome.tally.duplicates)} | {len(outcome.tally.losses)}"
        what = f"{outcome.scenario} | {outcome.stack} | {outcome.done} | {_came(outcome)}"
        yield f"| {what} | {_seconds(outcome)} | {counts} |"


def _place(story: str) -> int:
    return _KILLS.index(story)


def _count(on: Mapping[str, Outcome], what: str) -> int:
    return sum(len(getattr(outcome.tally, what)) for outcome in on.values())


def _came(outcome: Outcome) -> str:
    return ", ".join([outcome.came, *(f"{name}: {number:g}" for name, number in outcome.numbers.items())])


def _seconds(outcome: Outcome) -> str:
    return "never" if outcome.recovered_seconds is None else f"{outcome.recovered_seconds:.1f} s"


def _troubles(outcome: Outcome) -> Iterator[Any]:
    tally = outcome.tally
    yield from (f"duplicate: {what}" for what in tally.duplicates)
    yield from (f"loss: {what}" for what in tally.losses)
    yield from (f"not expected: {what}" for what in outcome.bugs)
