"""Reading what a control call was given."""

from typing import Any

from flask import abort, request

from billing_sandbox.store import Json
from billing_sandbox.stripe.form import Raw
from billing_sandbox.stripe.parameters import Fields, read_parameters


def given(fields: Fields) -> Json:
    """The members of the body, a JSON object; there may be none."""
    body = request.get_json(force=True) if request.get_data() else {}
    if not isinstance(body, dict):
        abort(400, f"the body may be a JSON object with {', '.join(fields)}")
    return read_parameters({name: _as_sent(value) for name, value in body.items()}, fields)


def act_of(acts: Json, act: str, what: str) -> Any:
    """The act of this name, or 404 with those that there are."""
    return acts[act] if act in acts else abort(404, f"{what} knows {', '.join(acts)}")


def _as_sent(value: Any) -> Raw:
    """As if it had come form-encoded."""
    if isinstance(value, dict):
        return {name: _as_sent(member) for name, member in value.items()}
    return str(value).lower() if isinstance(value, bool) else str(value)
