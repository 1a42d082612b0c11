"""What a customer keeps at a payment provider: an account there, and the payment methods saved in it."""

from dataclasses import dataclass, field
from datetime import datetime

from billing.domain.errors import Conflict, NotFound


@dataclass(frozen=True, slots=True)
class Card:
    """What may be shown of a card: never its number.

    >>> str(Card(brand="visa", last4="4242", exp_month=4, exp_year=2029))
    'visa ending in 4242'
    """

    brand: str
    last4: str
    exp_month: int
    exp_year: int

    def __str__(self) -> str:
        return f"{self.brand} ending in {self.last4}"

    def is_expired(self, at: datetime) -> bool:
        """Whether its last month is over."""
        return (at.year, at.month) > (self.exp_year, self.exp_month)


@dataclass(eq=False, kw_only=True)
class PaymentMethod:
    """One saved method, by our id and the provider's; once detached it is never usable again.

    `card` is None for methods that are no card.
    """

    id: str
    wallet_id: str
    ref: str
    created_at: datetime
    kind: str = "card"
    card: Card | None = None
    detached_at: datetime | None = None
    version: int = 1

    @property
    def is_usable(self) -> bool:
        """Whether it may be charged."""
        return self.detached_at is None


@dataclass(eq=False, kw_only=True)
class Wallet:
    """One customer's account at one provider; its row is the lock of the methods in it.

    >>> from datetime import UTC
    >>> now = datetime(2027, 1, 31, tzinfo=UTC)
    >>> wallet = Wallet(id="wal_1", customer_id="cus_1", gateway="stripe", created_at=now)
    >>> card = Card(brand="visa", last4="4242", exp_month=4, exp_year=2029)
    >>> wallet.keep("mth_1", "pm_1", now, card=card).id, wallet.default.ref
    ('mth_1', 'pm_1')
    >>> wallet.drop("mth_2", "pm_1", now)
    True
    >>> wallet.keep("mth_3", "pm_1", now, card=card).is_usable, wallet.default  # told late: it stays detached
    (False, None)

    `customer_ref` is the provider's id of the account, None until it has answered. The default is the method that
    renewals are charged to: the first that was saved, until the customer or the provider says otherwise.
    """

    id: str
    customer_id: str
    gateway: str
    created_at: datetime
    customer_ref: str | None = None
    default_ref: str | None = None
    methods: list[PaymentMethod] = field(default_factory=list)
    version: int = 1

    @property
    def usable(self) -> list[PaymentMethod]:
        """Methods that may be charged, oldest first."""
        return [method for method in self.methods if method.is_usable]

    @property
    def default(self) -> PaymentMethod | None:
        """What renewals are charged to, if anything can be."""
        return next((method for method in self.usable if method.ref == self.default_ref), None)

    def bind(self, customer_ref: str) -> None:
        """Learn the provider's id of the account; once known it does not change while the account is there."""
        if self.customer_ref not in (None, customer_ref):
            raise Conflict(f"wallet {self.id}", f"its account is {self.customer_ref}, not {customer_ref}")
        self.customer_ref = customer_ref

    def unbind(self, at: datetime) -> None:
        """The account is gone, and with it all that was saved there: the next one has another id."""
        for method in self.usable:
            method.detached_at = at
        self.customer_ref = self.default_ref = None

    def method(self, method_id: str) -> PaymentMethod:
        """The usable method of that id of ours, or NotFound."""
        for method in self.usable:
            if method.id == method_id:
                return method
        raise NotFound("payment method", method_id)

    def of_ref(self, ref: str) -> PaymentMethod | None:
        """The method of that id of the provider's, usable or not."""
        return next((method for method in self.methods if method.ref == ref), None)

    def keep(
        self, new_id: str, ref: str, at: datetime, *, kind: str = "card", card: Card | None = None
    ) -> PaymentMethod:
        """Learn of a saved method, or what it shows now; one that was detached stays so. `new_id` is for a new one."""
        method = self.of_ref(ref)
        if method is None:
            method = PaymentMethod(id=new_id, wallet_id=self.id, ref=ref, created_at=at)
            self.methods.append(method)
        method.kind, method.card = kind, card
        if method.is_usable and self.default is None:
            self.default_ref = ref
        return method

    def drop(self, new_id: str, ref: str, at: datetime) -> bool:
        """It was detached; also one that was never told of, so that word of it that comes late finds it so.

        False, and nothing, where that is known. Another usable method takes its place as the default.
        """
        method = self.of_ref(ref)
        if method is None:
            method = PaymentMethod(id=new_id, wallet_id=self.id, ref=ref, created_at=at)
            self.methods.append(method)
        if not method.is_usable:
            return False
        method.detached_at = at
        if self.default_ref == ref:
            self.default_ref = self.usable[0].ref if self.usable else None
        return True

    def make_default(self, ref: str) -> None:
        """Renewals are charged to it from now on; NotFound where it is not usable here."""
        method = self.of_ref(ref)
        if method is None or not method.is_usable:
            raise NotFound("payment method", ref)
        self.default_ref = ref
