"""The forms in which postbacks have been seen to come."""

import json
from urllib.parse import urlencode

from billing_sandbox.kpay.switches import Form
from billing_sandbox.store import Json

_JSON = "application/json"
_FORM = "application/x-www-form-urlencoded"


def write(told: Json, form: Form) -> tuple[str, str]:
    """The body and its content type."""
    match form:
        case "json":
            return json.dumps(told), _JSON
        case "json_as_form":
            return json.dumps(told), _FORM
        case "form":
            return urlencode(told), _FORM
        case "form_key":
            return urlencode({json.dumps(told): ""}), _FORM
