"""Amounts as Stripe counts them: integers in the smallest unit, with its exceptions.

Source: https://docs.stripe.com/currencies
"""

from billing_sandbox.stripe.errors import StripeError


def _codes(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


_ZERO_DECIMAL = _codes("bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf")
_THREE_DECIMAL = _codes("bhd jod kwd omr tnd")
_TWO_DECIMAL = _codes(
    "aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bmd bnd bob brl bsd bwp byn bzd cad cdf chf "
    "cny cop crc cve czk dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gtq gyd hkd hnl htg huf idr ils "
    "inr isk jmd kes kgs khr kyd kzt lak lbp lkr lrd lsl mad mdl mkd mmk mnt mop mur mvr mwk mxn myr mzn "
    "nad ngn nio nok npr nzd pab pen pgk php pkr pln qar ron rsd rub sar sbd scr sek sgd shp sle sos srd "
    "std szl thb tjs top try ttd twd tzs uah ugx usd uyu uzs wst xcd yer zar zmw"
)
_WHOLE_ONLY = frozenset({"isk", "ugx"})
"""Two decimals on the wire, but the currency has none: the last two digits are 0."""
_AMOUNT_MAX = 99_999_999

CURRENCIES = _ZERO_DECIMAL | _TWO_DECIMAL | _THREE_DECIMAL


def show(amount: int, currency: str) -> str:
    """For people: `12.99 USD`, `15,000 RWF`."""
    decimals = 0 if currency in _ZERO_DECIMAL else 3 if currency in _THREE_DECIMAL else 2
    whole, rest = divmod(abs(amount), 10**decimals)
    return (
        ("-" if amount < 0 else "")
        + f"{whole:,}"
        + (f".{rest:0{decimals}d}" if decimals else "")
        + f" {currency.upper()}"
    )


def check_chargeable(amount: int, currency: str, param: str) -> None:
    """Refuse an amount that no card can be charged."""
    if amount < 1:
        raise StripeError("This value must be greater than or equal to 1.", param=param)
    if amount > _AMOUNT_MAX:
        raise StripeError(
            f"Amount must be no more than {show(_AMOUNT_MAX, currency)}", code="amount_too_large", param=param
        )
    step = 100 if currency in _WHOLE_ONLY else 10 if currency in _THREE_DECIMAL else 1
    if amount % step:
        raise StripeError(f"Invalid amount: {currency} amounts must be divisible by {step}.", param=param)
