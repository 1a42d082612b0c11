"""How billing hears of what Stripe tells: as it comes, reversed and doubled, or in part only."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from typing import Any

from billing.application.books.reconciliation import Scope
from billing.application.outcomes import Deadline
from tests.integration.whole.installation import Installation
from tests.integration.whole.stripe_post import Post, the_post_of

_QUIET_SECONDS = 0.3
_CALL_SECONDS = 30
_EVENTS_MAX = 900
_HEARD = {"point": "stripe.webhooks.deliver", "kind": "delay", "seconds": 0, "times": 2}
_LOST = {"point": "stripe.webhooks.deliver", "kind": "lose", "times": 1}


class Telling:
    """Each webhook comes once, as soon as may be."""

    def listen(self) -> None:
        """Called when something has happened whose consequences are to be seen."""

    def pump(self) -> None:
        """Called whenever somebody looks for them."""

    def is_through(self, events: Sequence[Any]) -> bool:
        """Whether all that will ever be told of these has been."""
        return all(event["delivered"] for event in events)


class ReversedAndDoubled(Telling):
    """What Stripe tells at one time comes last first, and every word of it twice."""

    def __init__(self, post: Post) -> None:
        self._post, self._handed_over, self._heard, self._since = post, 0, 0, time.monotonic()

    def pump(self) -> None:
        """Nothing is handed over while more of the same is coming in."""
        heard = len(self._post.endpoint.received)
        if heard != self._heard:
            self._heard, self._since = heard, time.monotonic()
        if heard == self._handed_over or time.monotonic() < self._since + _QUIET_SECONDS:
            return
        new = self._post.endpoint.received[self._handed_over : heard]
        self._handed_over = heard
        for body, signature in reversed(new):
            for _ in range(2):
                assert self._post.send(body, signature) == 200

    def is_through(self, events: Sequence[Any]) -> bool:
        return self._handed_over == len(events)


class ThirdLost(Telling):
    """Every third event is never delivered; `billing reconcile` finds out what it was about.

    After the first time its use case is called in this process, which saves the start of thirty.
    """

    def __init__(self, shop: Installation) -> None:
        self._shop = shop
        self._reconcile: Callable[[], None] = self._by_command
        shop.control("PUT", "/faults", {"faults": [_HEARD, _LOST] * (_EVENTS_MAX // 3)})

    def listen(self) -> None:
        self._reconcile()

    def is_through(self, events: Sequence[Any]) -> bool:
        return True

    def _by_command(self) -> None:
        self._shop.command("reconcile")
        self._reconcile = self._by_use_case

    def _by_use_case(self) -> None:
        container = self._shop.container
        now = container.business_clock()()
        scope = Scope(
            since=now - timedelta(days=3),
            until=now,
            by="tests, reconcile",
            deadline=lambda: Deadline.after(_CALL_SECONDS, time.monotonic),
        )
        for _ in container.comparing.reconcile()(scope):
            """Each look repairs what it finds."""


Tell = Callable[[Installation], AbstractContextManager[Telling]]


@contextmanager
def as_told(shop: Installation) -> Iterator[Telling]:
    """Stripe's webhooks go where they belong."""
    yield Telling()


@contextmanager
def reversed_and_doubled(shop: Installation) -> Iterator[Telling]:
    """They come to us first."""
    with the_post_of(shop) as post:
        yield ReversedAndDoubled(post)


@contextmanager
def a_third_lost(shop: Installation) -> Iterator[Telling]:
    """They go where they belong, if at all."""
    yield ThirdLost(shop)
