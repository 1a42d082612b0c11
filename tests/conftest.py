"""What could not run on this machine is said in one line for each reason."""

from collections import Counter

import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The reasons of all skips, each once, with how many tests they cost."""
    reasons = Counter(str(report.longrepr[2]) for report in terminalreporter.stats.get("skipped", []))
    for reason, tests in reasons.most_common():
        terminalreporter.write_line(f"not run here: {tests} tests: {reason.removeprefix('Skipped: ')}", yellow=True)
