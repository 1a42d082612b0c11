"""What a change of the API is."""

from collections.abc import Callable
from dataclasses import dataclass

from billing_sandbox.store import Json, Store


@dataclass(frozen=True)
class Change:
    """What a version changed in objects of a kind; `undo` gives one the shape of before, in place."""

    since: str
    """The name of a line, such as `basil`, or a date."""
    kind: str
    undo: Callable[[Store, Json], None]
