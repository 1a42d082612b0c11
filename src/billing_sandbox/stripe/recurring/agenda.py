"""What is to happen by itself, and when: renewals, retries, ends; on the sandbox's clock or on a test clock."""

from collections.abc import Callable, Mapping

from billing_sandbox.store import Json
from billing_sandbox.stripe.ledger import Ledger

_SCHEMA = """
CREATE TABLE IF NOT EXISTS stripe_agenda (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    subject TEXT NOT NULL,
    task TEXT NOT NULL,
    clock TEXT NOT NULL,
    due INTEGER NOT NULL,
    UNIQUE (subject, task)
);
CREATE INDEX IF NOT EXISTS stripe_agenda_due ON stripe_agenda (clock, due, position);
"""
_EARLIEST = (
    "SELECT position, subject, task, due FROM stripe_agenda WHERE clock = ? AND due <= ? ORDER BY due, position LIMIT 1"
)
_NO_CLOCK = ""

Task = Callable[[Ledger, str], object]
"""What is done at its time, with a ledger that stands at that time and the id of what it is done to."""


def define(ledger: Ledger) -> None:
    """Make the store ready."""
    ledger.store.define(_SCHEMA)


def plan(ledger: Ledger, subject: Json, task: str, due: int) -> None:
    """Have a task done at a time, once; one that was planned for another time is moved."""
    ledger.store.execute(
        "INSERT INTO stripe_agenda (subject, task, clock, due) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (subject, task) DO UPDATE SET due = excluded.due",
        (subject["id"], task, subject["test_clock"] or _NO_CLOCK, due),
    )


def planned(ledger: Ledger, subject: Json, task: str) -> int | None:
    """When a task is to be done, None where it is not."""
    sql = "SELECT due FROM stripe_agenda WHERE subject = ? AND task = ?"
    rows = ledger.store.execute(sql, (subject["id"], task))
    return int(rows[0]["due"]) if rows else None


def drop(ledger: Ledger, subject: Json, *tasks: str) -> None:
    """Have these tasks not done after all; none named are all of the subject's."""
    for task in tasks or ("%",):
        sql = "DELETE FROM stripe_agenda WHERE subject = ? AND task LIKE ?"
        ledger.store.execute(sql, (subject["id"], task))


def run(ledger: Ledger, tasks: Mapping[str, Task]) -> None:
    """Do all that is due on the sandbox's own clock, in order, each wholly or not at all."""
    while _next(ledger, _NO_CLOCK, ledger.now()) is not None:
        with ledger.store.transaction():
            taken = _next(ledger, _NO_CLOCK, ledger.now())
            if taken is not None:
                _do(ledger.at(taken["due"]), taken, tasks)


def run_clock(ledger: Ledger, clock: str, until: int, tasks: Mapping[str, Task]) -> None:
    """Do all that is due on a test clock until then; the caller holds the transaction."""
    while (taken := _next(ledger, clock, until)) is not None:
        _do(ledger.on_clock(clock, taken["due"]), taken, tasks)


def _next(ledger: Ledger, clock: str, until: int) -> Json | None:
    rows = ledger.store.execute(_EARLIEST, (clock, until))
    return dict(rows[0]) if rows else None


def _do(ledger: Ledger, taken: Json, tasks: Mapping[str, Task]) -> None:
    ledger.store.execute("DELETE FROM stripe_agenda WHERE position = ?", (taken["position"],))
    tasks[taken["task"]](ledger, taken["subject"])
