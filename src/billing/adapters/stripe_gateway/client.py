"""Calls to Stripe: each within its deadline, over connections that are kept."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import stripe

from billing.adapters.stripe_gateway.errors import translate
from billing.adapters.stripe_gateway.objects import Json
from billing.application.outcomes import Deadline
from billing.application.ports import Telemetry
from billing.transport import session

API_VERSION = "2026-10-28.endive"

_PAGE = 100
"""The most that one call lists."""

Ask = Callable[[stripe.StripeClient, Any], stripe.ListObject[Any]]
"""A call that lists, with what is asked of it."""


class StripeApi:
    """Stripe's own client, made anew for every call: it takes its timeout only when it is made, and costs little."""

    def __init__(self, api_key: str, api_base: str | None, telemetry: Telemetry) -> None:
        """Connects to nothing yet; `api_base` is Stripe's own unless given."""
        self._telemetry = telemetry
        stripe.enable_telemetry = False
        self._api_key, self._api_base = api_key, (api_base or stripe.DEFAULT_API_BASE).rstrip("/")
        self._http = session()
        self._http.max_redirects = 0  # each would have the whole time again, and Stripe's API sends none

    @contextmanager
    def reading(self, call: str, deadline: Deadline) -> Iterator[stripe.StripeClient]:
        """A call that changes nothing at Stripe; its failures come out in the closed set."""
        with self._call(call, deadline, writing=False) as client:
            yield client

    def all(self, call: str, ask: Ask, asked: Mapping[str, Any], deadline: Deadline) -> Iterator[Json]:
        """Page after page, each asked for when it is come to, in Stripe's order: the newest first."""
        page = {**asked, "limit": _PAGE}
        while True:
            with self.reading(call, deadline) as client:
                answer = ask(client, page)
            yield from (one.to_dict() for one in answer.data)
            if not answer.has_more:
                return
            page["starting_after"] = answer.data[-1].id

    @contextmanager
    def writing(self, call: str, deadline: Deadline) -> Iterator[stripe.StripeClient]:
        """A call that may have changed something even where no answer came."""
        with self._call(call, deadline, writing=True) as client:
            yield client

    @contextmanager
    def _call(self, call: str, deadline: Deadline, *, writing: bool) -> Iterator[stripe.StripeClient]:
        """Reported by its name, how it ended and how long it took."""
        client = self._client(deadline.remaining_seconds())
        started, outcome = deadline.monotonic(), "bug"
        try:
            yield client
            outcome = "answered"
        except stripe.StripeError as error:
            meant = translate(error, writing=writing)
            outcome = type(meant).__name__
            raise meant from error
        finally:
            self._telemetry.event("stripe_call", seconds=deadline.monotonic() - started, call=call, outcome=outcome)

    def _client(self, seconds: float) -> stripe.StripeClient:
        return stripe.StripeClient(
            self._api_key,
            stripe_version=API_VERSION,
            base_addresses={"api": self._api_base},
            http_client=stripe.RequestsClient(timeout=seconds, session=self._http),
            max_network_retries=0,  # the job engine tries again, outside this deadline and with its own count
        )
