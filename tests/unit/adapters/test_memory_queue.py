"""The bell's twin keeps the bell's contract."""

from billing.adapters.memory.queue import MemoryQueue
from billing.application.ports import JobQueue
from tests.contracts.job_queue import JobQueueContract


class TestMemoryQueue(JobQueueContract):
    def a_queue(self) -> JobQueue:
        return MemoryQueue()

    def a_dead_queue(self) -> JobQueue:
        queue = MemoryQueue()
        queue.silent = True
        return queue

    def hear(self, queue: JobQueue) -> str | None:
        assert isinstance(queue, MemoryQueue)
        return next(queue.drain(), None)
