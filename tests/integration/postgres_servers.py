"""The PostgreSQL to test on: the one that is named, the one of this machine, or one of the tests' own."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from tests.integration.sql_databases import free_port

URL_VARIABLE = "BILLING_TEST_POSTGRES_URL"
LOCAL_SERVER = "postgresql://postgres@127.0.0.1:5432/postgres"
_START_SECONDS = 30


@contextmanager
def a_server() -> Iterator[str]:
    """The URL of a server where we may create databases; the test is skipped where there can be none."""
    if URL_VARIABLE in os.environ:
        yield os.environ[URL_VARIABLE]
    elif _is_reachable(LOCAL_SERVER):
        yield LOCAL_SERVER
    elif (bin := programs()) is not None:
        with own_server(bin) as server:
            yield server.url
    else:
        pytest.skip(f"PostgreSQL neither reachable nor installed: set {URL_VARIABLE}")


def _is_reachable(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=3).close()
    except psycopg.OperationalError:
        return False
    return True


def programs() -> Path | None:
    """The folder of initdb and pg_ctl, None where PostgreSQL is not installed."""
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).resolve().parent
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return installed[-1].parent if installed else None


@dataclass(frozen=True)
class OwnServer:
    """A server that keeps nothing and lets everybody on this machine in."""

    bin: Path
    folder: Path
    port: int

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        """Returns when it answers."""
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self.folder} -c fsync=off"
        self._control("-o", options, "-l", self.folder / "log", "-t", _START_SECONDS, "-w", "start")

    def stop(self) -> None:
        """At once, as a crash would: what was under way is rolled back by the next start."""
        self._control("-m", "immediate", "stop")

    def _control(self, *arguments: object) -> None:
        _run(self.bin / "pg_ctl", "-D", self.folder / "data", *arguments)


@contextmanager
def own_server(bin: Path) -> Iterator[OwnServer]:
    """A server for as long as the block runs; it must be running at its end."""
    folder = Path(tempfile.mkdtemp(prefix="billing-postgres-"))
    server = OwnServer(bin, folder, free_port())
    _give_away(folder)
    try:
        _run(bin / "initdb", "-D", folder / "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _give_away(folder: Path) -> None:
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")


def _run(*command: object) -> None:
    """As ourselves, or as the user that Debian's package makes, since PostgreSQL refuses to run as root."""
    account = pwd.getpwnam("postgres") if os.geteuid() == 0 else None
    subprocess.run(
        [str(part) for part in command],
        check=True,
        stdout=subprocess.DEVNULL,
        cwd="/",
        user=account.pw_uid if account else None,
        group=account.pw_gid if account else None,
    )
