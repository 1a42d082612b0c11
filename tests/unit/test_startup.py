"""What processes that go on for long do before they begin."""

import gc
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from huey.consumer import Consumer

from billing.entrypoints.container import Container
from billing.entrypoints.settings import load_settings
from billing.entrypoints.web import Server
from billing.entrypoints.worker import run_consumer

SETTINGS = replace(load_settings(Path("no such file")), queue_url="memory://")


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was done, in its order."""
    done: list[str] = []
    monkeypatch.setattr(gc, "freeze", lambda: done.append("settled"))
    monkeypatch.setattr(Consumer, "run", lambda consumer: done.append("worked"))
    return done


def test_a_web_process_settles_once_its_application_is_there(done: list[str]) -> None:
    """Or a collection stops it for a tenth of a second, several times a minute."""

    def load() -> Flask:
        done.append("loaded")
        return Flask("some")

    Server(SETTINGS.http, load).load()
    assert done == ["loaded", "settled"]


def test_a_worker_settles_before_it_works(done: list[str]) -> None:
    run_consumer(Container(settings=SETTINGS))
    assert done == ["settled", "worked"]
