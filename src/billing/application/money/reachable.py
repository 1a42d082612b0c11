"""Which providers of payments could be asked now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from billing.application.outcomes import NotYet
from billing.application.ports import PaymentGateway


@dataclass(frozen=True)
class ReachableGateways:
    """Those through which a payment may be tried now, as far as is known without asking them."""

    gateways: Mapping[str, PaymentGateway]

    def __call__(self) -> Sequence[str]:
        """Their names; not within a transaction, since what is known of them is in the ledger."""
        return [name for name, gateway in self.gateways.items() if _is_reachable(gateway)]


def _is_reachable(gateway: PaymentGateway) -> bool:
    try:
        gateway.require_reachable()
    except NotYet:
        return False
    return True
