"""The PostgreSQL to test on: the one that is named, the one of this machine, or one of the tests' own."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
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
        with own_server(bin) as url:
            yield url
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


@contextmanager
def own_server(bin: Path) -> Iterator[str]:
    """The URL of a server that keeps nothing and lets everybody on this machine in."""
    folder = Path(tempfile.mkdtemp(prefix="billing-postgres-"))
    port, data = free_port(), folder / "data"
    _give_away(folder)
    try:
        _run(bin / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
        _run(bin / "pg_ctl", "-D", data, "-o", options, "-l", folder / "log", "-t", _START_SECONDS, "-w", "start")
        try:
            yield f"postgresql://postgres@127.0.0.1:{port}/postgres"
        finally:
            _run(bin / "pg_ctl", "-D", data, "-m", "immediate", "stop")
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
