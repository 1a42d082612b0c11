"""What every bell must do, whatever carries it."""

from abc import ABC, abstractmethod

from billing.application.ports import JobQueue


class JobQueueContract(ABC):
    """Rings are heard by priority; a bell that is away raises nothing."""

    @abstractmethod
    def a_queue(self) -> JobQueue:
        """An empty one."""

    @abstractmethod
    def hear(self, queue: JobQueue) -> str | None:
        """The next job id that a worker hears, None where it is quiet."""

    @abstractmethod
    def a_dead_queue(self) -> JobQueue:
        """One whose carrier is away."""

    def test_what_is_rung_is_heard_once(self) -> None:
        queue = self.a_queue()
        queue.ring({"job_1": 50})
        assert self.hear(queue) == "job_1"
        assert self.hear(queue) is None

    def test_paid_work_is_heard_before_lesser_work(self) -> None:
        queue = self.a_queue()
        queue.ring({"job_mail": 10})
        queue.ring({"job_paid": 50})
        assert [self.hear(queue), self.hear(queue)] == ["job_paid", "job_mail"]

    def test_a_job_rung_twice_may_be_heard_twice(self) -> None:
        queue = self.a_queue()
        queue.ring({"job_1": 50})
        queue.ring({"job_1": 50})
        assert self.hear(queue) == "job_1"

    def test_a_bell_that_is_away_raises_nothing(self) -> None:
        queue = self.a_dead_queue()
        queue.ring({"job_1": 50})
        queue.ring({"job_2": 50})
