"""Which registrar serves a name: always the longest suffix, never the last label alone."""

from collections.abc import Mapping
from dataclasses import dataclass

from billing.application.ports import NoRegistrar, Registrar, Registrars
from billing.domain.domain_name import DomainName


@dataclass(frozen=True)
class RegistrarRoutes(Registrars):
    """Registrars by suffix, lower-case and without a leading dot: `rw`, `co.rw`."""

    by_suffix: Mapping[str, Registrar]

    def of(self, name: DomainName) -> Registrar:
        """By longest suffix; NoRegistrar where none is configured for it.

        A suffix that is no longer configured says nothing about a name that was paid for: a person decides.
        """
        for suffix in name.suffixes():
            if suffix in self.by_suffix:
                return self.by_suffix[suffix]
        raise NoRegistrar(f"no registrar serves {name}")
