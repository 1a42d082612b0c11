"""`python -m bench NAME`: measure, print, and keep the result as JSON in `var/bench`."""

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bench import idle, intake, machine, memory, report, scale, servers, slo
from bench.stacks import STACKS

RESULTS = Path("var/bench")

MEASURES: dict[str, Callable[[argparse.Namespace, str], dict[str, Any]]] = {
    "slo": lambda given, stack: slo.measure(stack, given.seconds or 60),
    "idle": lambda given, stack: idle.measure(stack, given.count or 40),
    "intake": lambda given, _: intake.measure(given.seconds or 5, given.rounds or 13),
    "scale": lambda given, _: scale.measure(given.seconds or 5, given.orders, given.rounds or 4),
    "servers": lambda given, _: servers.measure(given.seconds or 4, given.rounds or 3),
    "memory": lambda given, stack: memory.measure(stack, given.count or 100_000),
}
BOTH_STACKS = {"slo", "idle"}
"""Measured on each unless one is named; the others are about PostgreSQL."""


def main() -> None:
    """Measure what was asked for."""
    given = _arguments()
    if given.name == "report":
        report.write(given.results)
        return
    named = [given.stack] if given.stack else list(STACKS) if given.name in BOTH_STACKS else ["postgres"]
    for stack in named:
        described = machine.description()
        try:
            found = MEASURES[given.name](given, stack)
        except pytest.skip.Exception as absent:
            print(f"{given.name} not measured on {stack}: {absent}")
            continue
        found = {"measured": given.name, "on": described, **found}
        print(json.dumps(found, indent=2))
        name = f"{given.name}-{stack}" if given.name in BOTH_STACKS else given.name
        path = Path(given.json) if given.json else given.results / f"{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(found, indent=2) + "\n")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("name", choices=[*MEASURES, "report"])
    parser.add_argument("--seconds", type=float, help="of a run, or of one round")
    parser.add_argument("--rounds", type=int, help="by turns, after one that warms up")
    parser.add_argument("--count", type=int, help="payments of idle, requests of memory")
    parser.add_argument("--orders", type=int, default=scale.LARGE, help="in the large ledger of scale")
    parser.add_argument("--stack", choices=STACKS, help="one only")
    parser.add_argument("--json", help="where the result is kept, if not in the results' folder")
    parser.add_argument("--results", type=Path, default=RESULTS, help="the folder of results, %(default)s")
    return parser.parse_args()


if __name__ == "__main__":
    main()
