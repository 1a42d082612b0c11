"""The claims of jobs: whoever writes as the worker of a job holds it at that moment."""

from billing.domain import Job
from simulation.schedule import Actor, require
from simulation.world import World


class ClaimRules:
    """Who holds a job is whoever raised its claim number last, seen from outside."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._held: dict[str, tuple[int, Actor | None]] = {}

    def check_now(self, by: str) -> None:
        """After a commit by that name: a worker that slept through its lease has recorded nothing."""
        job = self._world.books.find(Job, by.rpartition(" ")[2])
        if job is None:
            return
        acting, (claim_no, holder) = self._world.schedule.acting, self._held.get(job.id, (0, None))
        if job.claim_no != claim_no:
            self._held[job.id] = job.claim_no, acting
        elif by == job.signature and acting is not holder:
            require(False, "whoever lost a claim records nothing", f"{by} under claim {claim_no}, which another holds")
