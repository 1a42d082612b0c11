"""A customer who walks through time: buys hosting, is charged for it, replaces cards, and moves to another plan."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from tests.integration.whole.installation import Installation, Seen, eventually
from tests.integration.whole.tellings import Telling
from tests.integration.whole.test_saved_cards import cards, path_of, put_in
from tests.integration.whole.time_machine import TimeMachine

PATIENCE_SECONDS = 120.0
FINAL_AFTER = timedelta(minutes=90)
"""A renewal is a draft for an hour."""


class Walk:
    """One customer's way through time."""

    def __init__(self, shop: Installation, time: TimeMachine, telling: Telling) -> None:
        self.shop, self.time, self.telling = shop, time, telling
        self.id = ""

    def see(self, look: Callable[[], Seen]) -> Seen:
        """What comes of what has just happened."""
        self.telling.listen()

        def listen_and_look() -> Seen:
            self.telling.pump()
            return look()

        return eventually(listen_and_look, PATIENCE_SECONDS)

    # ------------------------------------------------------------------ what happens

    def buy(self, *items: dict[str, Any]) -> "Walk":
        """Order and pay on Stripe's page; the hosting in it is what is walked with."""
        order = self.shop.buy(*items)
        self.see(lambda: self._is_completed(order))
        bought = self.shop.get(f"/v1/orders/{order['id']}")
        (self.id,) = [item["subscription_id"] for item in bought["items"] if item["kind"] == "hosting"]
        self.see(lambda: self.now["billing"]["reference"] and cards(self.shop))
        return self

    def renew(self) -> str:
        """The period goes by, and is paid; the end of the next one."""
        end = self.end
        self.go_to(end + FINAL_AFTER)
        self.see(lambda: self.end > end)
        return self.end_day

    def go_to(self, moment: datetime) -> None:
        self.time.go_to(moment)

    def charge_with(self, number: str) -> dict[str, Any]:
        """The customer puts in another card on Stripe's page, and has it charged from now on; the one before."""
        before = next(card for card in cards(self.shop) if card["default"])
        known = len(cards(self.shop))
        addresses = {"success_url": f"{self.shop.url}/saved", "cancel_url": f"{self.shop.url}/account"}
        put_in(self.shop.post(f"{path_of(self.shop)}/setup", addresses)["redirect_url"], number)
        card = self.see(lambda: cards(self.shop)[known:])[0]
        assert self.shop.call("PUT", f"{path_of(self.shop)}/default", {"payment_method": card["id"]}).ok
        self.see(self._stripe_knows_default)
        return before

    def forget(self, card: dict[str, Any]) -> None:
        assert self.shop.call("DELETE", f"{path_of(self.shop)}/{card['id']}").ok
        held = len(cards(self.shop))
        self.see(lambda: sum(bool(one["customer"]) for one in self.stripe["payment_methods"]) == held)

    def change(self, what: str, **asked: str) -> None:
        """By our API, and settled."""
        self.shop.post(f"/v1/subscriptions/{self.id}/{what}", asked)
        self.see(lambda: self.now["pending_change"] is None)

    # ------------------------------------------------------------------ how it stands

    @property
    def now(self) -> Any:
        return self.shop.get(f"/v1/subscriptions/{self.id}")

    @property
    def end(self) -> datetime:
        """Of what is paid."""
        return datetime.fromisoformat(self.now["current_period_end"])

    @property
    def end_day(self) -> str:
        """The same, to be read."""
        return f"{self.end:%Y-%m-%d}"

    @property
    def stripe(self) -> Any:
        return self.shop.control("GET", "/state")["stripe"]

    def _is_completed(self, order: Any) -> bool:
        return bool(self.shop.get(f"/v1/orders/{order['id']}")["status"] == "completed")

    def _stripe_knows_default(self) -> bool:
        (default,) = [card["card"]["last4"] for card in cards(self.shop) if card["default"]]
        (customer,) = self.stripe["customers"]
        charged = customer["invoice_settings"]["default_payment_method"]
        return any(one["id"] == charged and one["card"]["last4"] == default for one in self.stripe["payment_methods"])
