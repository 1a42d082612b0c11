"""What this Stripe account holds: its objects, and the events that tell of every change."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeAlias

from billing_sandbox.store import Condition, Json, Store
from billing_sandbox.stripe.errors import no_such
from billing_sandbox.stripe.ids import new_id
from billing_sandbox.stripe.versions import NEWEST

Reaction: TypeAlias = "Callable[[Ledger, Json, Cause], None]"

_INDEXES = """
CREATE INDEX IF NOT EXISTS documents_by_intent
    ON documents (kind, json_extract(json, '$.payment_intent'));
CREATE INDEX IF NOT EXISTS documents_by_charge ON documents (kind, json_extract(json, '$.charge'));
CREATE INDEX IF NOT EXISTS documents_by_customer ON documents (kind, json_extract(json, '$.customer'));
"""


@dataclass(frozen=True)
class Cause:
    """The API request that led to a change; empty where the customer or time did."""

    request_id: str | None = None
    idempotency_key: str | None = None


NOBODY = Cause()


class Ledger:
    """The account's objects and events in the store; callers hold the transaction."""

    def __init__(self, store: Store, now: Callable[[], datetime], announce: Callable[[Json], None]) -> None:
        """`announce` takes each new event and sees to its delivery."""
        self.store = store
        self._now = now
        self._told = now
        self.clock: str | None = None
        """The test clock whose time `now` gives, if it is one's."""
        self._announce = announce
        self._reactions: dict[str, list[Reaction]] = defaultdict(list)
        self.address = ""
        """Where the account's pages are, known once it is served."""
        store.define(_INDEXES)

    def now(self) -> int:
        """The business time in Unix seconds."""
        return int(self._now().timestamp())

    def moment(self) -> datetime:
        """The business time."""
        return self._now()

    def at(self, moment: int) -> "Ledger":
        """The same ledger at a moment gone by, for what ought to have happened then."""
        earlier = self.on_clock(None, moment)
        earlier._told = earlier._now
        return earlier

    def on_clock(self, clock: str | None, moment: int) -> "Ledger":
        """The same ledger for what lives by a test clock; its events are told by the ordinary time."""
        other, stopped = copy(self), datetime.fromtimestamp(moment, UTC)
        other._now, other.clock = lambda: stopped, clock
        return other

    def save(self, document: Json) -> Json:
        """Keep an object as it now is."""
        self.store.put(document["object"], document)
        return document

    def get(self, kind: str, id: str, *, param: str = "id", status: int = 404) -> Json:
        """The object, or Stripe's "No such ..."."""
        document = self.store.get(kind, id)
        if document is None:
            raise no_such(kind, id, param=param, status=status)
        return document

    def find(self, kind: str, conditions: Sequence[Condition] = ()) -> list[Json]:
        """All objects of a kind that meet the conditions, newest first."""
        return self.store.find(kind, conditions)

    def tell(self, type: str, document: Json, cause: Cause, previous: Json | None = None) -> None:
        """Record an event that shows the object as it is at this moment."""
        shown: Json = {"object": document}
        if previous is not None:
            shown["previous_attributes"] = previous
        event = {
            "id": new_id("evt"),
            "object": "event",
            "api_version": NEWEST,
            "created": int(self._told().timestamp()),
            "data": shown,
            "livemode": False,
            "pending_webhooks": 1,
            "request": {"id": cause.request_id, "idempotency_key": cause.idempotency_key},
            "type": type,
        }
        self.save(event)
        self._announce(event)
        for react in self._reactions[type]:
            react(self, document, cause)

    def upon(self, type: str, react: Reaction) -> None:
        """Let something follow in the account, in the same transaction, whenever this is told."""
        self._reactions[type].append(react)
