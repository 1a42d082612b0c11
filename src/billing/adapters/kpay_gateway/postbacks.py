"""Postbacks of KPay, in each of the forms in which they have been seen to come; nothing that they say is proven."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

from billing.adapters.kpay_gateway.codes import Standing, standing
from billing.adapters.kpay_gateway.replies import Reply, as_object, harmless, text_of
from billing.application.ports import Claim, Forged, Hint

_REFID_LENGTH_MAX = 100
_TID_LENGTH_MAX = 64
_FIELDS_MAX = 50
_SAID_LENGTH_MAX = 60

_CLAIMS = {Standing.PAID: Claim.PAID, Standing.FAILED: Claim.UNPAID}


def read_postback(body: bytes) -> Hint:
    """What it claims; Forged where it is no postback."""
    document = _document(body)
    refid, statusid = text_of(document.get("refid")), text_of(document.get("statusid"))
    if not refid or len(refid) > _REFID_LENGTH_MAX or not refid.isprintable():
        raise Forged("it names no payment by its refid")
    if not statusid:
        raise Forged("it names no statusid")
    reply = Reply.of(document)
    return Hint(
        payment_id=refid,
        payment_ref=reply.tid or None,
        claim=_CLAIMS.get(standing(statusid), Claim.UNDECIDED),
        said=f"{harmless(statusid)} {reply.said}"[:_SAID_LENGTH_MAX].strip(),
        answer={"tid": text_of(document.get("tid"))[:_TID_LENGTH_MAX], "refid": refid, "reply": "OK"},
    )


def _document(body: bytes) -> Mapping[str, Any]:
    """JSON whatever it was called, else the fields of a form, else JSON that became the name of a form's one field."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        raise Forged("it is not UTF-8") from wrong
    if (document := as_object(text)) is not None:
        return document
    if (document := as_object(unquote_plus(text.strip()).removesuffix("="))) is not None:
        return document
    try:
        fields = dict(parse_qsl(text, keep_blank_values=True, max_num_fields=_FIELDS_MAX))
    except ValueError as wrong:
        raise Forged("it is a form with too many fields") from wrong
    if "refid" not in fields:
        raise Forged("it is neither JSON nor a form that names a refid")
    return fields
