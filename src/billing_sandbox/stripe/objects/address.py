"""An address of which nothing is known yet."""

from billing_sandbox.store import Json

ADDRESS: Json = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))
