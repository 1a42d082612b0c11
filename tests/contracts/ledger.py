"""What every ledger keeps to, on whatever it is kept."""

from tests.contracts.ledger_correspondence import CorrespondenceCases
from tests.contracts.ledger_disputes import DisputeCases
from tests.contracts.ledger_engine import EngineCases
from tests.contracts.ledger_entities import EntityCases
from tests.contracts.ledger_hints import HintCases
from tests.contracts.ledger_history import HistoryCases
from tests.contracts.ledger_inbox import InboxCases
from tests.contracts.ledger_invoices import InvoiceCases
from tests.contracts.ledger_jobs import JobCases
from tests.contracts.ledger_names import NameCases
from tests.contracts.ledger_orders import OrderCases
from tests.contracts.ledger_races import RaceCases
from tests.contracts.ledger_records import RecordCases
from tests.contracts.ledger_refunds import RefundCases
from tests.contracts.ledger_renewals import RenewalCases
from tests.contracts.ledger_units import UnitCases
from tests.contracts.ledger_wallets import WalletCases


class LedgerContract(
    UnitCases,
    EntityCases,
    NameCases,
    OrderCases,
    RefundCases,
    DisputeCases,
    JobCases,
    HintCases,
    InboxCases,
    EngineCases,
    HistoryCases,
    RecordCases,
    CorrespondenceCases,
    RaceCases,
    WalletCases,
    InvoiceCases,
    RenewalCases,
):
    """Subclass it with a fixture `begin` (see `LedgerCase`)."""
