"""What differs from one KPay to the next, to be switched while it runs."""

from typing import Any, Literal, cast, get_args

from billing_sandbox.kpay.refusals import Table
from billing_sandbox.store import Json, Store

Form = Literal["json", "json_as_form", "form", "form_key"]

_CHOICES: dict[str, tuple[Any, ...]] = {
    "retcodes": get_args(Table),
    "postbacks": get_args(Form),
    "needs_key": (True, False),
    "knows_address": (True, False),
}
"""Each switch and what it may be; the first is how it is until somebody says otherwise."""


class Switches:
    """How this KPay is set, kept across restarts."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @property
    def retcodes(self) -> Table:
        """Whose table the return codes are taken from."""
        return cast(Table, self.to_json()["retcodes"])

    @property
    def postbacks(self) -> Form:
        """How postbacks are written."""
        return cast(Form, self.to_json()["postbacks"])

    @property
    def needs_key(self) -> bool:
        """Whether the `Kpay-Key` header is looked at; older accounts have none."""
        return bool(self.to_json()["needs_key"])

    @property
    def knows_address(self) -> bool:
        """Whether the caller's IP address is on KPay's list."""
        return bool(self.to_json()["knows_address"])

    def to_json(self) -> Json:
        """`{"retcodes", "postbacks", "needs_key", "knows_address"}`."""
        kept = self._store.get("sandbox", "kpay_switches") or {}
        return {name: kept.get(name, choices[0]) for name, choices in _CHOICES.items()}

    def set(self, body: Json) -> None:
        """Switch what is named; the others stay as they are."""
        if body.keys() - _CHOICES.keys():
            raise ValueError(f"the body may have some of {', '.join(_CHOICES)}")
        for name, value in body.items():
            if not any(value is choice or (isinstance(choice, str) and value == choice) for choice in _CHOICES[name]):
                raise ValueError(f"{name} must be one of {', '.join(map(str, _CHOICES[name]))}")
        with self._store.transaction():
            self._store.put("sandbox", self.to_json() | body | {"id": "kpay_switches"})
