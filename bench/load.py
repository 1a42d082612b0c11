"""The load generator, a process of its own: `python -m bench.load PLAN RESULT`.

Open loop: the moments of all arrivals are fixed beforehand and latency is counted from them, so that a server that is
late for one request can't hide it by delaying the next. Closed loop: each line posts again as soon as it was answered.
"""

import json
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bench.signing import EVENT_ID, new_event_id, signature
from bench.wire import Line

_OPEN_LINES = 128
_RUN_IN_SECONDS = 1.0


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Where to, and either when what (`arrivals`: second and index of the body) or how long without pause."""

    url: str
    secret: str = field(repr=False)
    bodies: Sequence[str]
    arrivals: Sequence[tuple[float, int]] = ()
    seconds: float = 0.0
    posts: int = 0
    lines: int = 8


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """Seconds of each answer in the order of arrival, statuses, and by how much the generator itself was late."""

    latencies: Sequence[float]
    statuses: Mapping[str, int]
    late_seconds_max: float
    seconds: float

    @property
    def rate(self) -> float:
        """Answers with 200 per second."""
        return self.statuses.get("200", 0) / self.seconds


def drive(plan: Plan, folder: Path) -> Outcome:
    """Run the plan in a process of its own."""
    return begin(plan, folder).outcome()


@dataclass(frozen=True)
class Driving:
    """A plan under way."""

    process: "subprocess.Popen[bytes]"
    result: Path

    def outcome(self) -> Outcome:
        """Wait for its end."""
        if self.process.wait():
            raise RuntimeError("the load generator failed")
        found: dict[str, Any] = json.loads(self.result.read_text())
        return Outcome(**found)


def begin(plan: Plan, folder: Path) -> Driving:
    """Start a plan."""
    order, result = folder / "plan.json", folder / "outcome.json"
    order.write_text(json.dumps(asdict(plan)))
    result.unlink(missing_ok=True)
    command = [sys.executable, "-m", "bench.load", str(order), str(result)]
    return Driving(subprocess.Popen(command, cwd=Path(__file__).parents[1]), result)


# ---------------------------------------------------------------------- in the generator's process


class _Tally:
    def __init__(self) -> None:
        self.mutex, self.next = threading.Lock(), 0
        self.answers: list[tuple[int, float, int]] = []
        self.late_seconds_max = 0.0

    def take(self) -> int:
        with self.mutex:
            self.next += 1
            return self.next - 1

    def outcome(self, seconds: float) -> Outcome:
        answers = sorted(self.answers)
        statuses = dict(Counter(str(status) for _, _, status in answers))
        latencies = [round(seconds, 6) for _, seconds, _ in answers]
        return Outcome(latencies=latencies, statuses=statuses, late_seconds_max=self.late_seconds_max, seconds=seconds)


def _open_loop(plan: Plan) -> Outcome:
    tally, bodies = _Tally(), [body.encode() for body in plan.bodies]
    start = time.perf_counter() + _RUN_IN_SECONDS

    def post_in_turn() -> None:
        line = Line(plan.url)
        while (turn := tally.take()) < len(plan.arrivals):
            at, index = start + plan.arrivals[turn][0], plan.arrivals[turn][1]
            time.sleep(max(at - time.perf_counter(), 0))
            late = time.perf_counter() - at
            status = line.post(bodies[index], signature(bodies[index], plan.secret))
            seconds = time.perf_counter() - at
            with tally.mutex:
                tally.late_seconds_max = max(tally.late_seconds_max, late)
                tally.answers.append((turn, seconds, status))

    _in_threads(post_in_turn, _OPEN_LINES)
    return tally.outcome(time.perf_counter() - start)


def _closed_loop(plan: Plan) -> Outcome:
    """For `seconds`, or until there were so many `posts`; the ids in the templates are new each time."""
    tally = _Tally()
    start = time.perf_counter()
    end = start + (plan.seconds or float("inf"))

    def post_on_and_on() -> None:
        line = Line(plan.url)
        while (turn := tally.take()) < (plan.posts or sys.maxsize) and (at := time.perf_counter()) < end:
            body = plan.bodies[turn % len(plan.bodies)].replace(EVENT_ID, new_event_id()).encode()
            status = line.post(body, signature(body, plan.secret))
            tally.answers.append((turn, time.perf_counter() - at, status))

    _in_threads(post_on_and_on, plan.lines)
    return tally.outcome(time.perf_counter() - start)


def _in_threads(work: Any, count: int) -> None:
    threads = [threading.Thread(target=work) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _main(order: str, result: str) -> None:
    plan = Plan(**json.loads(Path(order).read_text()))
    outcome = _open_loop(plan) if plan.arrivals else _closed_loop(plan)
    Path(result).write_text(json.dumps(asdict(outcome)))


if __name__ == "__main__":
    _main(*sys.argv[1:])
