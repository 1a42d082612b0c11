"""What a process needs before it can answer; the queue is not among it, since the sweep rings without it."""

from collections.abc import Callable, Mapping

from billing.application.ledger import Ledger
from billing.application.unit_of_work import LedgerUnavailable, NoPriceList


def readiness(schema_is_current: Callable[[], bool], ledger: Ledger) -> Mapping[str, str]:
    """Each part with "ok" or what is wrong with it, as far as can be seen; stops where the next can't be asked."""
    try:
        if not schema_is_current():
            return {"database": "ok", "schema": "is not what this program needs: run billing db upgrade"}
        ledger.read(lambda uow: uow.catalogues.current())
    except LedgerUnavailable as away:
        return {"database": away.why}
    except NoPriceList:
        return {"database": "ok", "schema": "ok", "catalogue": "none is loaded: run billing catalogue load"}
    return {"database": "ok", "schema": "ok", "catalogue": "ok"}
