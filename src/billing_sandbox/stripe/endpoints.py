"""The webhook endpoints: those made by the API, each of its own version, and the one that the control call sets."""

from collections.abc import Callable
from dataclasses import dataclass

from billing_sandbox.store import Json, Store, field_is
from billing_sandbox.stripe.versions import NEWEST

KIND = "webhook_endpoint"
_SECRET = "webhook_secret"
_CONTROLLED = ""


@dataclass(frozen=True)
class Endpoint:
    """Somewhere that events are posted to."""

    id: str
    url: str | None
    """None where nobody has said yet: what is owed to it waits."""
    secret: str
    version: str
    """The version of the API in whose shape it gets events."""


class Endpoints:
    """All of them, as they are at the moment that one looks."""

    def __init__(self, store: Store, secret: str, controlled: Callable[[], Json | None]) -> None:
        """`controlled` gives `{"url", "api_version"?}` of the control call's endpoint, whose secret this is."""
        self._store = store
        self._secret = secret
        self._controlled = controlled

    def wanting(self, type: str) -> list[Endpoint]:
        """Who is to be told of events of this type."""
        listed = [
            self._listed(document)
            for document in self._store.find(KIND, [field_is("status", "enabled")])
            if {type, "*"} & set(document["enabled_events"])
        ]
        # While there is nobody else at all, events wait for whoever the control call will name.
        controlled = self.controlled()
        return [controlled, *listed] if controlled.url or not self._store.find(KIND, limit=1) else listed

    def named(self, id: str) -> Endpoint | None:
        """The endpoint, unless it was deleted or disabled."""
        if id == _CONTROLLED:
            return self.controlled()
        document = self._store.get(KIND, id)
        return self._listed(document) if document and document["status"] == "enabled" else None

    def controlled(self) -> Endpoint:
        """The one that the control call sets, which is told of everything."""
        given = self._controlled() or {}
        return Endpoint(_CONTROLLED, given.get("url"), self._secret, given.get("api_version") or NEWEST)

    def _listed(self, document: Json) -> Endpoint:
        kept = self._store.get(_SECRET, document["id"])
        assert kept is not None, document["id"]
        return Endpoint(document["id"], document["url"], kept["secret"], document["api_version"] or NEWEST)


def keep_secret(store: Store, endpoint_id: str, secret: str) -> None:
    """Remember what an endpoint's events are signed with; it was shown once."""
    store.put(_SECRET, {"id": endpoint_id, "secret": secret})
