"""The demo: the outside world, web and worker on this machine; purchases, and a month, told as they happen."""

import select
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Self

from requests import RequestException
from rich.console import Console
from rich.markup import escape

from billing.entrypoints.demo.mobile_money import MobileMoney
from billing.entrypoints.demo.processes import DemoFailed, Processes
from billing.entrypoints.demo.renewal import Renewal
from billing.entrypoints.demo.steps import Steps
from billing.entrypoints.demo.storefront import Storefront
from billing.entrypoints.demo.story import Story
from billing.entrypoints.demo.telling import Teller

ACTS = 3
_MONTH, _BY_PHONE = 2, 3
_BY_PHONE_KEY = "m"
_LOOK_SECONDS = 0.5


def run_demo(*, once: bool, acts: int | None, directory: Path | None) -> int:
    """Play so many acts, then end (`once`) or stay up; 0 only if all of it came true.

    All, where it ends; else the first, and whoever watches asks for the others.
    """
    ended = 0
    console = Console(highlight=False)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    folder = directory or Path(tempfile.mkdtemp(prefix="billing-demo-"))
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with Processes(folder, console) as processes:
            _play(console, processes, once=once, acts=acts or (ACTS if once else 1))
    except KeyboardInterrupt:
        console.print("\nstopped")
        ended = 130 if once else 0
    except (DemoFailed, RequestException) as failure:
        console.print("[bold red]the story did not come true:[/]", escape(str(failure)))
        console.print(f"the logs are in {folder}")
        return 1
    if directory is None:
        shutil.rmtree(folder, ignore_errors=True)
    return ended


def _interrupt(signum: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


@dataclass(frozen=True)
class _Acts:
    first: Story
    month: Renewal
    by_phone: MobileMoney

    @classmethod
    def of(cls, processes: Processes, storefront: Storefront, tell: Teller) -> Self:
        steps = Steps(storefront, tell)
        by_phone = MobileMoney(storefront, tell, steps, processes.command)
        return cls(Story(storefront, tell, steps), Renewal(storefront, tell), by_phone)


def _play(console: Console, processes: Processes, *, once: bool, acts: int) -> None:
    storefront, tell = Storefront(processes.start()), Teller(console)
    play = _Acts.of(processes, storefront, tell)
    delivered = play.first.play()
    if acts >= _MONTH:
        play.month.play(delivered)
    if acts >= _BY_PHONE:
        play.by_phone.play()
    console.print(f"[bold green]Done[/] in {tell.seconds():.1f} s.")
    if not once:
        _stay(console, processes, play, lambda: play.month.play(delivered))


def _stay(console: Console, processes: Processes, play: _Acts, pass_month: Callable[[], None]) -> None:
    console.print("\nEverything stays up. Open:")
    for what, address in processes.addresses():
        console.print(f"  {what:<28}{address}", soft_wrap=True)
    console.print(f"  {'a key for the API':<28}{processes.api_key}")
    while True:
        # after a month nobody can pay the ones before
        console.print(f"  {'an order for you to pay':<28}{play.first.offer()}", soft_wrap=True)
        console.print(f"  {'one to pay by mobile money':<28}{play.by_phone.offer()}", soft_wrap=True)
        console.print(f"  {'the phones, to approve it':<28}{play.by_phone.storefront.phones}", soft_wrap=True)
        console.print(
            "Enter: let a month pass, and see the hosting renewed. "
            "m and Enter: see an order paid by mobile money. Ctrl-C ends it."
        )
        asked = _Asked()
        processes.watch(asked)
        if asked.line.strip() == _BY_PHONE_KEY:
            play.by_phone.play()
        else:
            pass_month()


class _Asked:
    """Whether somebody has pressed Enter, and what came before it; where nobody can, nobody has."""

    line = ""

    def __call__(self) -> bool:
        """Waits a little for it."""
        if not sys.stdin.isatty():
            time.sleep(_LOOK_SECONDS)
            return False
        readable, _, _ = select.select([sys.stdin], [], [], _LOOK_SECONDS)
        self.line = sys.stdin.readline() if readable else ""
        return bool(self.line)
