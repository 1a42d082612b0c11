"""`python -m billing_sandbox`: start the outside world, tell where it is, serve until told to stop."""

import fcntl
import os
import signal
import sys
import tempfile
import threading
from pathlib import Path
from typing import TextIO

import click

from billing_sandbox.control import control_app
from billing_sandbox.web import WebServer
from billing_sandbox.world import World

_HOST = "127.0.0.1"
_PORT = click.IntRange(0, 65535)


@click.command(context_settings={"max_content_width": 100})
@click.option(
    "--dir", "directory", required=True, type=click.Path(file_okay=False, path_type=Path),
    help="Where all state is kept, across restarts; sandbox.env is written here when all is ready.",
)  # fmt: skip
@click.option(
    "--webhook-url", metavar="URL",
    help="Where Stripe's events are posted, such as http://127.0.0.1:8000/webhooks/stripe. If not given: "
    "as last time; events wait while there is none.",
)  # fmt: skip
@click.option("--stripe-port", type=_PORT, default=0, help="Default: as last time, else a free one.")
@click.option("--kpay-port", type=_PORT, default=0, help="Likewise.")
@click.option("--epp-port", type=_PORT, default=0, help="Likewise.")
@click.option("--smtp-port", type=_PORT, default=0, help="Likewise.")
@click.option("--control-port", type=_PORT, default=0, help="Likewise.")
@click.option(
    "--registry-suffix", "suffixes", multiple=True, metavar="SUFFIX",
    help="A suffix the registry sells names under, such as rw; may be repeated. Default: its usual ones.",
)  # fmt: skip
@click.option("--without-epp", is_flag=True, help="Start no registry.")
@click.option("--smtp-login", is_flag=True, help="Take mails only over TLS (STARTTLS), from who logs in.")
def main(
    directory: Path,
    webhook_url: str | None,
    stripe_port: int,
    kpay_port: int,
    epp_port: int,
    smtp_port: int,
    control_port: int,
    suffixes: tuple[str, ...],
    without_epp: bool,
    smtp_login: bool,
) -> None:
    """The outside world for people without accounts: a Stripe, a KPay, a domain registry and a mailbox, on loopback.

    DIR/sandbox.env holds the settings that point billing here, and SANDBOX_CONTROL_URL, a page and an API
    to look inside, play customers, order faults and advance the clock. Ends on SIGTERM or SIGINT.
    """
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = _lock(directory)
    environment = directory / "sandbox.env"
    environment.unlink(missing_ok=True)

    world = World(directory, epp=not without_epp, suffixes=suffixes, mail_login=smtp_login)
    if webhook_url:
        world.post_webhooks_to(webhook_url)
    try:
        ports = {"stripe": stripe_port, "kpay": kpay_port, "registry": epp_port, "mail": smtp_port}
        world.start(_HOST, ports)
        control = WebServer(control_app(world), _HOST, control_port or world.port_before("control"))
    except OSError as error:
        sys.exit(f"The sandbox can't start: {error}")
    world.remember_port("control", control.port)
    control.start()
    _write(environment, world.settings() | {"SANDBOX_CONTROL_URL": control.url})
    click.echo(f"The sandbox is ready: {control.url} (settings in {environment})")

    stop.wait()
    control.stop()
    world.stop()
    lock.close()


def _lock(directory: Path) -> TextIO:
    """Have the directory to ourselves for as long as the process lives."""
    lock = (directory / "sandbox.lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit(f"A sandbox is running in {directory} already.")
    return lock


def _write(path: Path, settings: dict[str, str]) -> None:
    """Write a file of KEY=value lines that is there wholly or not at all, and for its owner only."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=".sandbox.env.")
    with os.fdopen(descriptor, "w") as file:
        file.writelines(f"{name}={value}\n" for name, value in settings.items())
    Path(temporary).replace(path)


if __name__ == "__main__":
    main(prog_name="python -m billing_sandbox")
