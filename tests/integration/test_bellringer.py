"""Bells that come close together go in one round, nobody waits for them, and a process that ends leaves none behind."""

import subprocess
import sys
import threading
from collections.abc import Mapping
from queue import Queue

from billing.adapters.bellringer import Bellringer
from billing.application.ports import JobQueue

SECONDS = 20


class Tower(JobQueue):
    """Hears what is rung, round by round, and may be held up; between two rounds the ringer is held up, too."""

    def __init__(self) -> None:
        self.rounds: Queue[Mapping[str, int]] = Queue()
        self.free, self.gathered = threading.Event(), threading.Semaphore(0)
        self.free.set()
        self.ringer = Bellringer(self, 60, sleep=lambda seconds: self.gathered.acquire())

    def ring(self, bells: Mapping[str, int]) -> None:
        self.free.wait(SECONDS)
        self.rounds.put(dict(bells))

    def heard(self) -> Mapping[str, int]:
        return self.rounds.get(timeout=SECONDS)


def test_the_first_bell_rings_at_once_and_those_that_follow_together() -> None:
    tower = Tower()
    tower.ringer.ring({"a": 1})
    assert tower.heard() == {"a": 1}
    tower.ringer.ring({"b": 1})
    tower.ringer.ring({"c": 2, "b": 1})
    assert tower.rounds.empty()
    tower.gathered.release()
    assert tower.heard() == {"b": 1, "c": 2}


def test_a_queue_that_does_not_answer_holds_up_nobody() -> None:
    tower = Tower()
    tower.free.clear()
    for bell in ("a", "b", "c"):
        tower.ringer.ring({bell: 1})
    assert tower.rounds.empty()
    tower.free.set()
    tower.gathered.release()
    heard = {**tower.heard()}
    while len(heard) < 3:
        heard |= tower.heard()
    assert heard == {"a": 1, "b": 1, "c": 1}


def test_a_process_that_ends_rings_first_for_what_waits() -> None:
    assert script(f"{RINGER}ringer.ring({{'a': 1}}); ringer.ring({{'b': 1}})") == {"a", "b"}


def test_a_process_that_ends_waits_for_the_round_under_way() -> None:
    """A command ends as soon as it has rung; the queue takes its time to answer."""
    slow = "ring = Tower.ring\nTower.ring = lambda self, bells: (begun.set(), go_on.wait(9), ring(self, bells))"
    ending = "begun.wait(9)\nthreading.Timer(0.2, go_on.set).start()"
    events = "begun, go_on = threading.Event(), threading.Event()"
    assert script(f"{RINGER}{events}\n{slow}\nringer.ring({{'a': 1}})\n{ending}") == {"a"}


def test_after_a_fork_both_processes_ring() -> None:
    """As where a web server loads an application that has rung already, and forks."""
    forked = "child = os.fork()\nringer.ring({'child' if child == 0 else 'parent': 1})\nif child: os.wait()"
    assert script(f"{RINGER}ringer.ring({{'before': 1}}); heard.wait(9)\n{forked}") == {"before", "child", "parent"}


def test_a_fork_in_the_middle_of_a_round_leaves_no_lock_behind() -> None:
    slow = "ring = Tower.ring\nTower.ring = lambda self, bells: (begun.set(), go_on.wait(9), ring(self, bells))"
    events = "begun, go_on = threading.Event(), threading.Event()"
    forked = "child = os.fork()\ngo_on.set()\nif child: os.wait()\nelse: ringer.ring({'child': 1})"
    assert script(f"{RINGER}{events}\n{slow}\nringer.ring({{'a': 1}})\nbegun.wait(9)\n{forked}") == {"a", "child"}


RINGER = """
import os, threading
from billing.adapters.bellringer import Bellringer
heard = threading.Event()
class Tower:
    def ring(self, bells):
        os.write(1, "".join(bell + chr(10) for bell in bells).encode())
        heard.set()
ringer = Bellringer(Tower(), 60)
"""


def script(text: str) -> set[str]:
    ended = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, timeout=SECONDS, check=True)
    return set(ended.stdout.split())
