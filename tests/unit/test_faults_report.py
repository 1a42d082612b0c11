"""What the proof with real faults says of itself: a row that is not good can't look like one."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from faults.outcome import Outcome, Tally, broken
from faults.report import BEGIN, END, Report, put_into, summary
from faults.stories import STORIES

GOOD = Outcome(
    scenario=STORIES[0].name,
    stack="SQLite",
    done="worker, after registrar.register",
    came="order completed",
    recovered_seconds=6.4,
    bound_seconds=12.0,
    tally=Tally(orders=1),
)


@pytest.mark.parametrize(
    "bad",
    [
        replace(GOOD, recovered_seconds=12.1),
        replace(GOOD, recovered_seconds=None),
        replace(GOOD, tally=Tally(orders=1, duplicates=["registered twice"])),
        replace(GOOD, tally=Tally(orders=1, losses=["not registered"])),
        replace(GOOD, bugs=["job_bug"]),
        broken("a scenario", "SQLite", "a fault", AssertionError("it never came")),
    ],
)
def test_too_late_twice_missing_or_unexpected_is_not_good(bad: Outcome) -> None:
    assert GOOD.is_good
    assert not bad.is_good
    assert not Report("make faults", outcomes=[GOOD, bad]).is_good


def test_a_report_of_nothing_is_not_good() -> None:
    assert not Report("make faults").is_good


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    report = Report("make faults", seconds=12.5, outcomes=[GOOD], skipped={"a disk": "no root"})
    report.write(tmp_path / "var" / "faults.json")
    assert Report.read(tmp_path / "var" / "faults.json") == report
    (row,) = json.loads((tmp_path / "var" / "faults.json").read_text())["outcomes"]
    assert (row["good"], row["recovered_seconds"], row["tally"]["losses"]) == (True, 6.4, [])


def test_the_page_gets_a_column_for_each_stack_between_its_marks(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    other = replace(GOOD, stack="PostgreSQL + Redis", recovered_seconds=7.0)
    outage = replace(GOOD, scenario="Redis flushed", numbers={"sweep_rang": 3})
    put_into(page, Report("make faults", outcomes=[GOOD, other, outage], skipped={"a disk": "no root"}))
    text = page.read_text()
    assert text.startswith("before\n") and text.endswith("\nafter\n") and "old" not in text
    assert "| a paid order is delivered | worker, after registrar.register | 6.4 s | 7.0 s | 0 | 0 |" in text
    assert "order completed, sweep_rang: 3" in text
    assert "a disk (no root)" in text


def test_two_kills_at_steps_of_one_name_are_two_rows(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"{BEGIN}\n{END}\n")
    lost = replace(GOOD, tally=Tally(orders=1, losses=["not registered"]))
    put_into(page, Report("make faults", outcomes=[lost, GOOD]))
    rows = [line for line in page.read_text().splitlines() if GOOD.done in line]
    assert [row.rpartition("6.4 s")[2] for row in rows] == [" | 0 | 1 |", " | 0 | 0 |"]


def test_a_page_without_marks_is_left_alone(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("nothing to fill")
    with pytest.raises(ValueError, match="has no"):
        put_into(page, Report("make faults", outcomes=[GOOD]))
    assert page.read_text() == "nothing to fill"


def test_the_summary_counts() -> None:
    lost = replace(GOOD, tally=Tally(orders=2, losses=["one", "two"]))
    assert summary(Report("make faults", seconds=60, outcomes=[GOOD, lost])) == (
        "1 of 2 faults were survived as promised: 3 orders, 0 duplicates, 2 losses, 60 s in all"
    )
