"""What the in-memory provider has of one payment."""

from billing.adapters.memory.faults import FailsOnOrder
from billing.adapters.memory.gateway import MemoryGateway
from billing.adapters.memory.pages import Told
from billing.application.outcomes import Deadline, NeedsPerson
from billing.application.provider_ports import Statement, Statements
from billing.domain.payment import Payment


class MemoryStatements(Statements, FailsOnOrder):
    """Reads the provider's pages: those of attempts, and what it has collected by itself."""

    usual_call = "of"

    def __init__(self, provider: MemoryGateway) -> None:
        super().__init__()
        self.gateway, self._provider = provider.name, provider

    def of(self, payment: Payment, deadline: Deadline) -> Statement:
        """NeedsPerson where it has no such page."""

        def look() -> Statement:
            pages = self._provider.pages
            page = pages.get(payment.id) or pages.get(payment.payment_ref or "")
            if page is None:
                raise NeedsPerson(f"there is no page for {payment.id}")
            refunds = [page.refund_fact(refund, page.installation) for refund in page.refunds]
            return Statement(page.amount if page.state is Told.PAID else None, refunds)

        return self._call("of", payment.id, deadline, look)
