"""Carries scenarios out, a few sites at a time, and tells of each as soon as it is over."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial

from faults.hardships import HARDSHIPS, HARDSHIPS_ON, endure
from faults.kills import KILLS, kill_at, steps_of
from faults.outages import OUTAGES, suffer
from faults.outcome import Outcome, broken
from faults.phone_hardships import PHONE_HARDSHIPS
from faults.phone_outages import PHONE_OUTAGES
from faults.phone_stories import PHONE_STORIES
from faults.postbacks import POSTBACK_STORM, POSTBACK_STORMS, swamp
from faults.site import SERVERS, SMALL_DISK, SQLITE, CanNotBe, Site, a_site
from faults.stories import RENEWALS, STORIES, Story
from faults.storm import SHORT_STORMS, STORM, STORMS, rage

_SITES_FOR_KILLS = 2
"""Of each stack: who was killed is mostly waited for, which costs no processor."""
_RENEWED = "commit:renew_subscription:before"
_ASKED = "gateway.check:after"
_SHORT_STEPS = frozenset({"registrar.register:after", "commit:webhook:after", "gateway.refund:after", _ASKED, _RENEWED})


@dataclass(frozen=True)
class Listener:
    """Who hears of each outcome, and of each scenario that can't be carried out here with the reason why."""

    tell: Callable[[Outcome], None]
    skip: Callable[[str, str], None]


@dataclass(frozen=True)
class Task:
    """One scenario on one stack; `done` says what it does where it came to no end of its own."""

    scenario: str
    stack: str
    done: str
    run: Callable[[Site], Outcome]


@dataclass(frozen=True)
class Programme:
    """What is wanted: all or the short version, and of it only what has `only` in its name."""

    short: bool = False
    only: str = ""
    stacks: Sequence[str] = (SQLITE, SERVERS, SMALL_DISK)

    def run(self, listener: Listener) -> None:
        """Kills on several sites, outages on one of each stack, storms alone; the short version on one of each."""
        outages, storms = list(self._outages()), list(self._storms())
        both = [stack for stack in (SQLITE, SERVERS) if stack in self.stacks]
        months, hardships = self._stories(RENEWALS), list(self._hardships())
        if months or hardships:
            with ThreadPoolExecutor() as lanes:
                list(lanes.map(lambda stack: self._kill(stack, months, _on(stack, hardships), listener), both))
        if stories := self._stories((*STORIES, *PHONE_STORIES)):
            then = [*outages, *storms] if self.short else []
            with ThreadPoolExecutor() as lanes:
                list(lanes.map(lambda stack: self._kill(stack, stories, _on(stack, then), listener), both))
            if then:
                return
        with ThreadPoolExecutor() as lanes:
            list(lanes.map(lambda stack: work_off(deque(_on(stack, outages)), listener), self.stacks))
        for storm in storms:
            work_off(deque([storm]), listener)

    def _stories(self, stories: Sequence[Story]) -> Sequence[Story]:
        wanted = [story for story in stories if self.only in KILLS or self.only in story.name]
        return [story for story in wanted if story.is_short or not self.short]

    def _outages(self) -> Iterator[Task]:
        for outage in (*OUTAGES, *PHONE_OUTAGES):
            if self.only in outage.name and (outage.is_short or not self.short):
                for stack in outage.stacks:
                    if stack in self.stacks:
                        yield Task(outage.name, stack, outage.does, partial(suffer, outage=outage))

    def _hardships(self) -> Iterator[Task]:
        for hardship in (*HARDSHIPS, *PHONE_HARDSHIPS):
            if self.only in hardship.name and (hardship.is_short or not self.short):
                for stack in HARDSHIPS_ON:
                    if stack in self.stacks:
                        yield Task(hardship.name, stack, hardship.does, partial(endure, hardship=hardship))

    def _storms(self) -> Iterator[Task]:
        for storm in SHORT_STORMS if self.short else STORMS:
            if self.only in STORM and storm.stack in self.stacks:
                yield Task(STORM, storm.stack, storm.does, partial(rage, storm=storm))
        for flood in () if self.short else POSTBACK_STORMS:
            if self.only in POSTBACK_STORM and flood.stack in self.stacks:
                yield Task(POSTBACK_STORM, flood.stack, flood.does, partial(swamp, storm=flood))

    def _kill(self, stack: str, stories: Sequence[Story], then: Sequence[Task], listener: Listener) -> None:
        """One site tells the steps; then several take them in turn, and one of them what comes then."""
        with ExitStack() as opened:
            try:
                site = opened.enter_context(a_site(stack))
            except CanNotBe as lack:
                listener.skip(f"{KILLS}, {stack}", str(lack))
                return
            tasks = deque(
                Task(step.story.name, stack, str(step), partial(kill_at, step=step))
                for step in steps_of(site, stories)
                if not self.short or step.point in _SHORT_STEPS
            )
            tasks.extend(then)
            others = 0 if self.short else _SITES_FOR_KILLS - 1
            with ThreadPoolExecutor() as lanes:
                ends = [lanes.submit(work_off, tasks, listener) for _ in range(others)]
                work_off(tasks, listener, site)
                for end in ends:
                    end.result()


def _on(stack: str, tasks: Sequence[Task]) -> Sequence[Task]:
    return [task for task in tasks if task.stack == stack]


def work_off(tasks: deque[Task], listener: Listener, site: Site | None = None) -> None:
    """All of them, which others may be at as well; after a bad outcome the next one gets a new site."""
    while (task := _next(tasks)) is not None:
        with ExitStack() as opened:
            try:
                here = site or opened.enter_context(a_site(task.stack))
            except CanNotBe as lack:
                listener.skip(f"{task.scenario}, {task.stack}", str(lack))
                continue
            site = None
            current: Task | None = task
            while current is not None:
                outcome = _carry_out(current, here)
                listener.tell(outcome)
                current = _next(tasks) if outcome.is_good else None


def _next(tasks: deque[Task]) -> Task | None:
    try:
        return tasks.popleft()
    except IndexError:
        return None


def _carry_out(task: Task, site: Site) -> Outcome:
    try:
        return task.run(site)
    except Exception as trouble:  # noqa: BLE001 - whatever it was, it is this scenario's outcome, and the next goes on
        return broken(task.scenario, task.stack, task.done, trouble)
