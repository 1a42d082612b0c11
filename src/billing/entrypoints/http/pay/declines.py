"""Why a payment did not come, as its customer may be told: codes for which the pages have a sentence of their own.

What a bank suspects is told to nobody: a card that was stolen is declined like any other
(https://docs.stripe.com/declines/codes).
"""

import re
from collections.abc import Iterable, Mapping

_CODES: Mapping[str, Iterable[str]] = {
    "too_little": ("insufficient_funds",),
    "expired": ("expired_card",),
    "wrong_card": (
        "incorrect_number", "invalid_number", "incorrect_cvc", "invalid_cvc", "invalid_expiry_month",
        "invalid_expiry_year", "incorrect_zip", "incorrect_address", "invalid_account",
        "new_account_information_available",
    ),
    "limit": ("card_velocity_exceeded", "withdrawal_count_limit_exceeded"),
    "unsuited": (
        "card_not_supported", "currency_not_supported", "not_permitted", "service_not_allowed",
        "transaction_not_allowed",
    ),
    "later": ("issuer_not_available", "processing_error", "reenter_transaction", "try_again_later"),
    "declined": (
        "approve_with_id", "call_issuer", "card_declined", "card_error", "do_not_honor", "do_not_try_again",
        "duplicate_transaction", "fraudulent", "generic_decline", "invalid_amount", "lost_card", "merchant_blacklist",
        "no_action_taken", "pickup_card", "restricted_card", "revocation_of_all_authorizations",
        "revocation_of_authorization", "security_violation", "stolen_card", "stop_payment_order",
    ),
}  # fmt: skip
"""The word that the templates have a sentence for, and the codes that it stands for."""

WORDS: Mapping[str, str] = {code: word for word, codes in _CODES.items() for code in codes}

_KPAY_CODES: Mapping[str, Iterable[str]] = {
    "not_approved": ("02",),
    "account": ("607",),
    "no_answer": ("608", "611"),
    "not_this_way": ("609", "610"),
    "not_from_us": ("401", "403", "500", "600", "601", "602", "603", "604", "605"),
}
"""The same for KPay's; what a code means by one of its two tables alone is said to nobody, nor is it guessed at."""

KPAY_WORDS: Mapping[str, str] = {code: word for word, codes in _KPAY_CODES.items() for code in codes}

_CODE = re.compile(r"([a-z0-9_]+): (.+)", re.DOTALL)
_KPAY_CODE = re.compile(r"\(KPay ([A-Za-z0-9_.-]+)")


def reason(why: str | None) -> Mapping[str, str] | None:
    """What to say of a decline: a `word`, or the bank's own `text` where the code is new to us; None for no decline.

    >>> reason("stolen_card: No."), reason("lunar_eclipse: Wait."), reason("its lines do not add up")
    ({'word': 'declined'}, {'text': 'Wait.'}, None)
    """
    told = _CODE.fullmatch(why or "")
    if told is None:
        return None
    code, text = told.groups()
    return {"word": WORDS[code]} if code in WORDS else {"text": text}


def kpay_reason(why: str | None) -> Mapping[str, str] | None:
    """The same of what KPay said: a `word`, or None where its code says nothing that a customer could use.

    >>> kpay_reason("the payment was declined or not approved: try again (KPay 02 FAILED: failed)")
    {'word': 'not_approved'}
    """
    told = _KPAY_CODE.search(why or "")
    word = KPAY_WORDS.get(told[1]) if told else None
    return {"word": word} if word else None
