"""Internet domain names in the form registries speak: lower-case A-labels."""

import re
from dataclasses import dataclass

from billing.domain.errors import Invalid

_NAME_CHARS_MAX = 253
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class DomainName:
    """A name of two or more LDH labels, lower-cased, without a final dot (RFC 1035 §2.3, RFC 5890 §2.3).

    `Invalid("domain", ...)` for anything else; names in other scripts arrive as `xn--` labels.

    >>> DomainName("Example.RW")
    DomainName(value='example.rw')
    """

    value: str

    def __post_init__(self) -> None:
        _require_ascii_text(self.value)
        object.__setattr__(self, "value", self.value.lower())
        _require_size(self.value)
        for label in self.labels:
            _require_ldh(label)
        if self.labels[-1].isdigit():
            raise Invalid("domain", "must not end in a label of digits only, as an address does")

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels from left to right.

        >>> DomainName("a.co.rw").labels
        ('a', 'co', 'rw')
        """
        return tuple(self.value.split("."))

    def suffixes(self) -> tuple[str, ...]:
        """What is left after one label, two labels and so on: the proper suffixes, longest first.

        >>> DomainName("a.co.rw").suffixes()
        ('co.rw', 'rw')
        """
        return tuple(".".join(self.labels[skipped:]) for skipped in range(1, len(self.labels)))

    def __str__(self) -> str:
        return self.value


def _require_ascii_text(value: object) -> None:
    if not isinstance(value, str):
        raise Invalid("domain", "must be text")
    if not value.isascii():
        raise Invalid("domain", "must be ASCII: encode other scripts as xn-- labels (IDNA) first")


def _require_size(name: str) -> None:
    if len(name) > _NAME_CHARS_MAX:
        raise Invalid("domain", f"must have at most {_NAME_CHARS_MAX} characters")
    if name.endswith("."):
        raise Invalid("domain", "must not end with a dot")
    if "." not in name:
        raise Invalid("domain", "must have at least two labels, such as example.rw")


def _require_ldh(label: str) -> None:
    if not _LABEL.fullmatch(label):
        raise Invalid("domain", f"label {label!r} must be 1 to 63 letters, digits and inner hyphens")
    if label[2:4] == "--" and not label.startswith("xn--"):
        raise Invalid("domain", f"label {label!r} must not have -- third and fourth unless it starts with xn--")
