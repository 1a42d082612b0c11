"""How billing hears of what Stripe tells: as it comes, reversed and doubled, or in part only."""

from tests.integration.whole.installation import Installation
from tests.integration.whole.stripe_post import Post

_EVENTS_MAX = 900
_HEARD = {"point": "stripe.webhooks.deliver", "kind": "delay", "seconds": 0, "times": 2}
_LOST = {"point": "stripe.webhooks.deliver", "kind": "lose", "times": 1}


class Telling:
    """Each webhook comes once, as soon as may be."""

    def listen(self) -> None:
        """Called whenever something has happened, and its consequences are to be seen."""

    def pump(self) -> None:
        """Called whenever somebody looks for them."""


class ReversedAndDoubled(Telling):
    """What Stripe has told by now comes last first, and every word of it twice."""

    def __init__(self, post: Post) -> None:
        self._post, self._handed_over = post, 0

    def pump(self) -> None:
        """Nothing is handed over while more of the same is on its way."""
        told = len(self._post.installation.control("GET", "/state")["stripe"]["events"])
        letters = self._post.endpoint.received
        if len(letters) < told or told == self._handed_over:
            return
        new = letters[self._handed_over : told]
        self._handed_over = told
        for body, signature in reversed(new):
            for _ in range(2):
                assert self._post.send(body, signature) == 200


class ThirdLost(Telling):
    """Every third event is never delivered; `billing reconcile` is run to find out what it was about."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        installation.control("PUT", "/faults", {"faults": [_HEARD, _LOST] * (_EVENTS_MAX // 3)})

    def listen(self) -> None:
        self._installation.command("reconcile", "--json")
