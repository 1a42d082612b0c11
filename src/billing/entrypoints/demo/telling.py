"""How the demo tells what happens: each step with its time."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.markup import escape

from billing.domain.money import Money


@dataclass(frozen=True)
class Teller:
    """Prints the steps; real time, and how long it is since the beginning."""

    console: Console
    began: float = field(default_factory=time.monotonic)

    def __call__(self, step: str, detail: str) -> None:
        """Something has come true."""
        now = datetime.now(UTC)
        at = f"{now:%H:%M:%S}.{now.microsecond // 1000:03}  +{self.seconds():6.3f} s"
        self.console.print(f"  {at}  [cyan]{step:<14}[/] {escape(detail)}", soft_wrap=True)

    def mail(self, mail: Mapping[str, Any]) -> None:
        """One that has arrived."""
        self("mail", f"to {mail['to'][0]}: {mail['subject']}")

    def chapter(self, title: str) -> None:
        """Something new begins."""
        self.console.print(f"[bold]{escape(title)}[/]")

    def seconds(self) -> float:
        """Since the beginning."""
        return time.monotonic() - self.began


def money(sum: dict[str, Any]) -> str:
    """As the API has it, for people."""
    return str(Money(sum["amount"], sum["currency"]))
