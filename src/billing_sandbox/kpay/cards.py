"""The test cards of KPay's sandbox."""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Card:
    """A number, and how it is shown to whom it is none of their business."""

    number: str
    brand: str

    @property
    def masked(self) -> str:
        """Its first six and its last four digits."""
        return self.number[:6] + "*" * (len(self.number) - 10) + self.number[-4:]


TEST_CARDS = (
    Card("4111111111111111", "Visa"),
    Card("5555444433331111", "Mastercard"),
    Card("378282246310005", "American Express"),
)


def by_number(text: str) -> Card | None:
    """The test card with this number, however it is spaced."""
    digits = re.sub(r"[ -]", "", text)
    return next((card for card in TEST_CARDS if card.number == digits), None)
