"""A customer without a card: follows the links in the mails, and approves on the phone."""

from typing import Any

from tests.integration.whole.installation import eventually
from tests.integration.whole.mail_reader import MailReader

BY_PHONE = {"way": "kpay.momo", "phone": "0788 123 434"}


class PhonePayer(MailReader):
    """Has a phone."""

    def ask(self, link: str) -> Any:
        """Have the phone asked; what KPay holds for it."""
        known = {one["tid"] for one in self.pushes()}
        answer = self.open(link)(**BY_PHONE)
        assert answer.status_code == 303, answer.text
        (asked,) = [one for one in self.pushes() if one["tid"] not in known]
        return asked

    def pay(self, link: str) -> None:
        """Have the phone asked, and approve; the page then says so."""
        self.shop.control("POST", f"/kpay/payments/{self.ask(link)['tid']}/approve")
        eventually(lambda: "This order is paid. Thank you." in self.look(f"{link}/status"))

    def pushes(self) -> list[Any]:
        """Everything that the phone was ever asked."""
        known: list[Any] = self.shop.control("GET", "/state")["kpay"]["payments"]
        return known
