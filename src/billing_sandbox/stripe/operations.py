"""What an endpoint is: where it answers, what it accepts, what it does."""

from collections.abc import Callable
from dataclasses import dataclass

from billing_sandbox.store import Json
from billing_sandbox.stripe.ledger import Cause, Ledger
from billing_sandbox.stripe.parameters import Fields


@dataclass(frozen=True)
class Call:
    """One request, understood: its parameters, who asked, and by which address we were reached."""

    params: Json
    path: str
    base_url: str
    cause: Cause
    id: str = ""
    """The object named in the path, if any."""
    part: str = ""
    """What of it the path names further on, if anything."""


@dataclass(frozen=True)
class Operation:
    """One endpoint; `name` is what a fault's point calls it, after `stripe.`."""

    method: str
    path: str
    name: str
    accepts: Fields
    act: Callable[[Ledger, Call], Json]
