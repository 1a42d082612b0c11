"""`/v1/customers/<id>/balance_transactions`: what a customer has in credit, and how that came."""

from billing_sandbox.store import Json, field_is
from billing_sandbox.stripe.ledger import Ledger
from billing_sandbox.stripe.lists import NEWEST_FIRST, page
from billing_sandbox.stripe.operations import Call, Operation
from billing_sandbox.stripe.parameters import Currency, Metadata, Text, Whole
from billing_sandbox.stripe.recurring import balance, test_clocks
from billing_sandbox.stripe.resources.customers import living

_KIND = "customer_balance_transaction"
_NEW = {
    "amount": Whole(least=-(2**53), required=True),
    "currency": Currency(required=True),
    "description": Text(length_max=350),
    "metadata": Metadata(),
}


def _create(ledger: Ledger, call: Call) -> Json:
    customer = living(ledger, call.id)
    given = {name: value for name, value in call.params.items() if name != "amount"} | {"type": "adjustment"}
    ledger = test_clocks.ledger_of(ledger, customer)
    return balance.move(ledger, customer, call.params["amount"], call.cause, given)


def _list(ledger: Ledger, call: Call) -> Json:
    return page(ledger, _KIND, call, [field_is("customer", living(ledger, call.id)["id"])])


_BASE = "/v1/customers/<id>/balance_transactions"

OPERATIONS = (
    Operation("POST", _BASE, "customers.balance_transactions.create", _NEW, _create),
    Operation("GET", _BASE, "customers.balance_transactions.list", NEWEST_FIRST, _list),
)
