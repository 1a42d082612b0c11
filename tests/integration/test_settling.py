"""Processes that go on for long take what they have built out of the garbage collector's sight before they begin."""

import subprocess
import sys
from pathlib import Path

SECONDS = 30
SETTINGS = """
import gc, os, signal
from dataclasses import replace
from pathlib import Path
from billing.entrypoints.settings import load_settings
settings = replace(load_settings(Path("no such file")), queue_url="memory://", database_url="sqlite:///here.db")
"""
WEB = """
from flask import Flask
from billing.entrypoints.web import Server
built = []
def load():
    built.append(gc.get_freeze_count())
    return Flask("some")
Server(settings.http, load).load()
print("frozen", built[0], gc.get_freeze_count())
"""
WORKER = """
from billing.entrypoints.container import Container
from billing.entrypoints.worker import run_consumer
container = Container(settings=replace(settings, jobs=replace(settings.jobs, sweep_seconds=0.05)))
before = gc.get_freeze_count()
def keep_house():
    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:  # it is not yet listening
        return
    print("frozen", before, gc.get_freeze_count(), flush=True)
    os.kill(os.getpid(), signal.SIGTERM)
from dependency_injector import providers
container.keep_house.override(providers.Object(keep_house))
run_consumer(container)
"""


def test_a_web_process_settles_once_its_application_is_there(tmp_path: Path) -> None:
    before, after = frozen(WEB, tmp_path)
    assert before == 0 < after


def test_a_worker_settles_before_it_works(tmp_path: Path) -> None:
    before, after = frozen(WORKER, tmp_path)
    assert before == 0 < after


def frozen(what: str, folder: Path) -> tuple[int, int]:
    """How many objects the collector no longer looks at, before and after."""
    command = [sys.executable, "-c", SETTINGS + what]
    told = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, cwd=folder, check=True).stdout
    (line,) = [line.split() for line in told.splitlines() if line.startswith("frozen")][:1]
    return int(line[1]), int(line[2])
