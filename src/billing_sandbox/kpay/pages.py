"""What every page of KPay's has in common."""

from flask import Response

from billing_sandbox import web

# Nothing is said of form-action: browsers would apply it to the way back to the shop, too.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"


def page(html: str, code: int = 200) -> Response:
    """A page that runs nothing and fetches nothing."""
    return web.page(html, _POLICY, code)
