"""SIGKILL at every named step: a quiet run tells which steps there are, then each of them is somebody's last."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from billing.entrypoints.failpoints import PASSED
from faults.outcome import KILL_BOUND_SECONDS, Outcome
from faults.shop import Purchase
from faults.site import Site
from faults.stories import STORIES, Story

KILLS = "killed at every step"
_ORDINALS = {1: "1st", 2: "2nd", 3: "3rd"}
_NO_STEP = ("commit:claim:nothing", "commit:housekeeping", "commit:expiry", "commit:outages", "commit:daily")
"""What is passed by chance, or once a day: nothing of any order is in it."""
_API = "commit:api"
"""The commits of one call of the API: its steps are told apart by the story."""
_TRIES = 10
"""A story may be over before the next sweep, say; then it is told again."""


@dataclass(frozen=True)
class Step:
    """One place in one story: `registrar.register:after`, or the third commit of a job."""

    story: Story
    point: str
    passing: int

    def __str__(self) -> str:
        step, _, side = self.point.rpartition(":")
        return f"{self.story.process}, {side} {self._in_words(step)}"

    def _in_words(self, step: str) -> str:
        nth = _ORDINALS.get(self.passing, f"{self.passing}th")
        match step.split(":"):
            case ["commit", "claim", kind]:
                return f"the claim of {kind} is committed"
            case ["commit", "api"]:
                return f"the {nth} commit of the call"
            case ["commit", who]:
                return f"the {nth} commit of {who}"
        return step


def steps_of(site: Site, stories: Sequence[Story] = STORIES) -> Iterator[Step]:
    """Every step that these stories pass, each once: a later story brings only what none before it had."""
    seen: set[tuple[str, ...]] = set()
    for story in stories:
        for point, passing in _told_by_a_quiet_run(site, story):
            if not any(what in point for what in story.about):
                continue
            of_its_own = story.own or point.startswith(_API)
            step = (story.process, point, str(passing), story.name if of_its_own else "")
            if step not in seen:
                seen.add(step)
                yield Step(story, point, passing)


def kill_at(site: Site, step: Step) -> Outcome:
    """Play the story, with death at the step; once more where the story went by without passing it."""
    with site.listening() as heard:
        for _ in range(_TRIES):
            played = _play(site, step)
            if played.killed_at is not None:
                break
        else:
            raise AssertionError(f"{step} was never passed")
    return Outcome(
        scenario=step.story.name,
        stack=site.name,
        done=str(step),
        came=f"order {played.purchase.wanted}" if played.over_at else "not over",
        recovered_seconds=played.over_at and played.over_at - played.killed_at,
        bound_seconds=KILL_BOUND_SECONDS,
        tally=site.books.tally([played.purchase]),
        bugs=heard.bugs,
    )


@dataclass(frozen=True)
class _Played:
    """Unix times; `told` are the points passed, each line as it was written."""

    purchase: Purchase
    told: Sequence[str]
    killed_at: float | None
    over_at: float | None


def _play(site: Site, step: Step) -> _Played:
    order = site.installation.failpoints(step.story.process) / step.point
    played = _tell(site, step.story, lambda: order.write_text(f"kill@{step.passing}"))
    order.unlink(missing_ok=True)
    return played


def _tell(site: Site, story: Story, then: Callable[[], object] = lambda: None) -> _Played:
    log = site.installation.failpoints(story.process) / PASSED
    ready = story.prepare(site)
    log.write_text("")
    then()
    purchase = story.act(site, ready)
    over_at = site.quiet_at([purchase]) if story.finish is None else None
    told = log.read_text().splitlines()
    if story.finish is not None:
        over_at = site.quiet_at([story.finish(site, purchase)])
    if story.afterwards is not None:
        story.afterwards(site, purchase)
        site.quiet_at([purchase])
    killed = [line.split()[0] for line in told if line.endswith(" kill")]
    return _Played(purchase, told, float(killed[0]) if killed else None, over_at)


def _told_by_a_quiet_run(site: Site, story: Story) -> Sequence[tuple[str, int]]:
    """The points passed, in their order, each with which passing it is within one job or call."""
    passed: Counter[tuple[str, str]] = Counter()
    told: dict[tuple[str, int], None] = {}
    for line in _tell(site, story).told:
        _, _, point, subject = line.split(" ", 3)
        passed[point, subject] += 1
        is_one_of_several = subject.startswith("job_") or point.startswith(_API)
        if not point.startswith(_NO_STEP):
            told[point, passed[point, subject] if is_one_of_several else 1] = None
    return list(told)
