"""A flood of deliveries, sixteen at a time: each is sent until it is answered by more than a 5xx."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import requests

AT_ONCE = 16
_CALL_SECONDS = 30.0


@dataclass(frozen=True)
class Post:
    """One delivery; its headers are made anew for each try, since a signature tells when it was made."""

    url: str
    body: str
    headers: Callable[[], Mapping[str, str]]


@dataclass(frozen=True)
class Answer:
    """The one that counts, how long it took, and how many tries before it came to a 5xx or nothing."""

    status: int
    text: str
    seconds: float
    failures: int


@dataclass(frozen=True)
class Flood:
    """Answers in the order of the posts, and Unix times."""

    answers: Sequence[Answer]
    began: float
    ended: float

    @property
    def numbers(self) -> Mapping[str, float]:
        """For the row of the table."""
        seconds = sorted(answer.seconds for answer in self.answers)
        return {
            "deliveries a second": round(len(seconds) / (self.ended - self.began), 1),
            "answered within ms, half": round(1000 * seconds[len(seconds) // 2], 1),
            "answered within ms, 99 %": round(1000 * seconds[len(seconds) * 99 // 100], 1),
            "deliveries repeated after a 5xx": sum(answer.failures for answer in self.answers),
        }


def pour(posts: Sequence[Post]) -> Flood:
    """Send them all; returns when each has its answer."""
    own = threading.local()

    def send(post: Post) -> Answer:
        if not hasattr(own, "http"):
            own.http = requests.Session()
        failures = 0
        while (answer := _try(own.http, post, failures)) is None:
            failures += 1
        return answer

    began = time.time()
    with ThreadPoolExecutor(AT_ONCE) as sixteen:
        answers = list(sixteen.map(send, posts))
    return Flood(answers, began, time.time())


def _try(http: requests.Session, post: Post, failures: int) -> Answer | None:
    headers = dict(post.headers())
    began = time.monotonic()
    try:
        answer = http.post(post.url, data=post.body.encode(), headers=headers, timeout=_CALL_SECONDS)
    except requests.RequestException:
        return None
    if answer.status_code >= 500:
        return None
    return Answer(answer.status_code, answer.text, time.monotonic() - began, failures)
