"""The demo: the outside world, web and worker on this machine; purchases and a renewal told as they happen."""

import select
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path
from types import FrameType
from typing import Any

from requests import RequestException
from rich.console import Console
from rich.markup import escape

from billing.entrypoints.demo.processes import DemoFailed, Processes
from billing.entrypoints.demo.renewal import Renewal
from billing.entrypoints.demo.storefront import Storefront
from billing.entrypoints.demo.story import Story
from billing.entrypoints.demo.telling import Teller

ACTS = 2
_LOOK_SECONDS = 0.5


def run_demo(*, once: bool, acts: int | None, directory: Path | None) -> int:
    """Play so many acts, then end (`once`) or stay up; 0 only if all of it came true.

    Both, where it ends; else the first, and whoever watches asks for the other.
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


def _play(console: Console, processes: Processes, *, once: bool, acts: int) -> None:
    storefront, tell = Storefront(processes.start()), Teller(console)
    story, renewal = Story(storefront, tell), Renewal(storefront, tell)
    delivered = story.play()
    if acts >= ACTS:
        renewal.play(delivered)
    console.print(f"[bold green]Done[/] in {tell.seconds():.1f} s.")
    if not once:
        _stay(console, processes, story, renewal, delivered)


def _stay(console: Console, processes: Processes, story: Story, renewal: Renewal, delivered: dict[str, Any]) -> None:
    console.print("\nEverything stays up. Open:")
    for what, address in processes.addresses():
        console.print(f"  {what:<28}{address}", soft_wrap=True)
    console.print(f"  {'a key for the API':<28}{processes.api_key}")
    while True:
        # after a month nobody can pay the one before
        console.print(f"  {'an order for you to pay':<28}{story.offer()}", soft_wrap=True)
        console.print("Enter: let a month pass, and see the hosting renewed. Ctrl-C ends it.")
        processes.watch(_is_enter_pressed)
        renewal.play(delivered)


def _is_enter_pressed() -> bool:
    """Waits a little for it; where nobody can press it, it never is."""
    if not sys.stdin.isatty():
        time.sleep(_LOOK_SECONDS)
        return False
    readable, _, _ = select.select([sys.stdin], [], [], _LOOK_SECONDS)
    return bool(readable and sys.stdin.readline())
