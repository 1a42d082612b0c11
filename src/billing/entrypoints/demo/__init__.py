"""The demo: the outside world, web and worker on this machine, and one purchase told as it happens."""

import shutil
import signal
import tempfile
from pathlib import Path
from types import FrameType

from requests import RequestException
from rich.console import Console

from billing.entrypoints.demo.processes import DemoFailed, Processes
from billing.entrypoints.demo.story import Story


def run_demo(*, once: bool, directory: Path | None) -> int:
    """Play the story; stay up afterwards unless `once`. 0 only if all of it came true."""
    ended = 0
    console = Console(highlight=False)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    folder = directory or Path(tempfile.mkdtemp(prefix="billing-demo-"))
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with Processes(folder, console) as processes:
            shop = processes.start()
            story = Story(shop, console)
            story.play()
            if not once:
                _stay(console, processes, story)
    except KeyboardInterrupt:
        console.print("\nstopped")
        ended = 130 if once else 0
    except (DemoFailed, RequestException) as failure:
        console.print(f"[bold red]the story did not come true:[/] {failure}")
        console.print(f"the logs are in {folder}")
        return 1
    if directory is None:
        shutil.rmtree(folder, ignore_errors=True)
    return ended


def _interrupt(signum: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _stay(console: Console, processes: Processes, story: Story) -> None:
    console.print("\nEverything stays up. Open:")
    for what, address in (("an order for you to pay", story.offer()), *processes.addresses()):
        console.print(f"  {what:<28}{address}", soft_wrap=True)
    console.print(f"  {'a key for the API':<28}{processes.api_key}")
    console.print("Ctrl-C ends it.")
    processes.watch()
