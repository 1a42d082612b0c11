"""`python -m faults`: break a running billing in every way there is, and say what came of it."""

import sys
import threading
import time
from pathlib import Path

import click
from rich.console import Console

from faults.outcome import Outcome
from faults.report import Report, line, put_into, show
from faults.runner import Listener, Programme

_OUT = Path("var/faults.json")
_WIDTH_OF_LOGS = 200


@click.command()
@click.option("--short", is_flag=True, help="A few of each kind, in about two minutes.")
@click.option("--only", default="", metavar="TEXT", help="Only what has this in its name, such as Redis or storm.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), default=_OUT, help=f"Default: {_OUT}.")
@click.option(
    "--markdown", "page", type=click.Path(exists=True, path_type=Path), metavar="PAGE",
    help="Run nothing: put what --out holds into this page of the documentation.",
)  # fmt: skip
def main(short: bool, only: str, out: Path, page: Path | None) -> None:
    """Real faults on real processes, on SQLite and on PostgreSQL with Redis.

    Ends with 0 where nothing was done twice, nothing was lost and everything recovered within its bound.
    """
    if page is not None:
        put_into(page, Report.read(out))
        return
    console, report, mutex = Console(), Report(_command(short, only)), threading.Lock()
    if not console.is_terminal:
        console.width = _WIDTH_OF_LOGS

    def tell(outcome: Outcome) -> None:
        with mutex:
            report.outcomes.append(outcome)
            console.print(line(outcome), highlight=False, soft_wrap=True)

    began = time.monotonic()
    Programme(short, only).run(Listener(tell, report.skipped.__setitem__))
    report.seconds = round(time.monotonic() - began, 1)
    report.write(out)
    show(report, console)
    console.print(f"written to {out}")
    sys.exit(0 if report.is_good else 1)


def _command(short: bool, only: str) -> str:
    arguments = [*(["--short"] if short else []), *([f"--only '{only}'"] if only else [])]
    return f'make faults ARGS="{" ".join(arguments)}"' if arguments else "make faults"


if __name__ == "__main__":
    main(prog_name="python -m faults")
