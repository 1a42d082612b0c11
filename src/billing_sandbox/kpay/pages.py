"""What every page of KPay's has in common."""

from flask import make_response
from werkzeug.wrappers import Response

# Nothing is said of form-action: browsers would apply it to the way back to the shop, too.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"


def page(html: str, code: int = 200) -> Response:
    """A page that runs nothing and fetches nothing."""
    response = make_response(html, code)
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
