"""Idempotency-Key: the same call sent twice has one effect and one answer."""

import json
import re
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256

from flask import Response, g, request

from billing.application.ledger import Ledger
from billing.application.ports import Telemetry
from billing.application.records import RememberedAnswer
from billing.application.unit_of_work import UnitOfWork
from billing.domain.errors import BillingError, Conflict, Invalid
from billing.entrypoints.http import auth
from billing.entrypoints.http.bodies import whole_body

HEADER = "Idempotency-Key"
_KEPT_HEADERS = ("Content-Type", "Location", "Retry-After")
_KEY = re.compile(r"[!-~]{1,255}")


@dataclass(frozen=True)
class IdempotencyKeys:
    """Claims the key before the view runs and remembers the answer after it; keys of two callers never meet.

    Answers of 5xx are forgotten, so that a repeat runs again; a call that never ended may be repeated once its
    lease is over.
    """

    ledger: Ledger
    telemetry: Telemetry
    lease: timedelta

    def claim(self) -> Response | None:
        """The remembered answer, if any; Conflict while the first call runs, Invalid for another body."""
        key = request.headers.get(HEADER)
        if request.method != "POST" or key is None:
            return None
        if not _KEY.fullmatch(key):
            raise Invalid(HEADER, "must be 1 to 255 visible ASCII characters")
        scope = f"{auth.caller().id} {request.method} {request.path}"
        fingerprint = sha256(whole_body()).hexdigest()
        wanted, known = self.ledger.write(auth.by(), lambda uow: self._claim(uow, scope, key, fingerprint))
        if known is None:
            g.claimed = wanted
            return None
        if known.fingerprint != fingerprint:
            raise Invalid(HEADER, "was used before with another body")
        if known.status is None or known.body is None:
            raise Conflict(HEADER, "the first call with it has not ended yet", field=HEADER)
        return _replay(known.status, known.body)

    def _claim(
        self, uow: UnitOfWork, scope: str, key: str, fingerprint: str
    ) -> tuple[RememberedAnswer, RememberedAnswer | None]:
        now = uow.now()
        wanted = RememberedAnswer(
            scope=scope, key=key, fingerprint=fingerprint, created_at=now, lease_until=now + self.lease
        )
        return wanted, uow.answers.claim(wanted, now)

    def keep(self, response: Response) -> Response:
        """Remember the answer of the call that holds the key; the caller gets it even where that fails."""
        claimed: RememberedAnswer | None = g.pop("claimed", None)
        if claimed is None:
            return response
        try:
            if response.status_code < 500:
                kept = _envelope(response)
                self.ledger.write(auth.by(), lambda uow: uow.answers.finish(claimed, response.status_code, kept))
            else:
                self.ledger.write(auth.by(), lambda uow: uow.answers.forget(claimed))
        except BillingError as error:
            self.telemetry.alarm("answer_not_remembered", scope=claimed.scope, why=str(error))
        return response


def _envelope(response: Response) -> str:
    headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
    return json.dumps({"headers": headers, "body": response.get_data(as_text=True)})


def _replay(status: int, kept: str) -> Response:
    envelope = json.loads(kept)
    return Response(envelope["body"], status, {**envelope["headers"], "Idempotent-Replayed": "true"})
