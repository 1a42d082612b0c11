"""Commands with secrets or choices of our own in them; all others are the library's as they are."""

import secrets
from collections.abc import Sequence

from epptools import Client, Namespaces, Response

from billing.adapters.epp_registrar.config import ExpiryFormat
from billing.domain.contact import Contact
from billing.domain.domain_name import DomainName

_ROLES = ("admin", "tech", "billing")


def create_contact(client: Client, handle: str, contact: Contact) -> Response:
    """Under a handle of ours; in the international form where it is ASCII, as RFC 5733 §2.5 demands, else the local."""
    texts = (contact.name, contact.organization, *contact.street, contact.city, contact.region, contact.postal_code)
    is_ascii = all(text.isascii() for text in texts if text)
    return client.contact.create(
        handle,
        type="int" if is_ascii else "loc",
        name=contact.name,
        org=contact.organization,
        street=list(contact.street),
        city=contact.city,
        sp=contact.region,
        pc=contact.postal_code,
        cc=contact.country,
        voice=contact.phone,
        email=contact.email,
        auth_info=_new_auth_info(),
    )


def create_domain(client: Client, name: DomainName, years: int, handle: str, nameservers: Sequence[str]) -> Response:
    """With one contact in every role."""
    return client.domain.create(
        name.value,
        years=years,
        registrant=handle,
        contacts=dict.fromkeys(_ROLES, handle),
        nameservers=list(nameservers),
        auth_info=_new_auth_info(),
    )


def renew_domain(client: Client, name: DomainName, years: int, stated: str, form: ExpiryFormat) -> Response:
    """From the expiry as the registry itself states it; its day is the registry's, whatever the time zone."""
    if form is ExpiryFormat.DATE:
        return client.domain.renew(name.value, stated, years)
    # The library cuts every timestamp to its date.
    frame = client.frame()
    renew = frame.ns(frame.verb("renew"), Namespaces.DOMAIN, "domain:renew")
    frame.ns(renew, Namespaces.DOMAIN, "domain:name", name.value)
    frame.ns(renew, Namespaces.DOMAIN, "domain:curExpDate", stated)
    frame.ns(renew, Namespaces.DOMAIN, "domain:period", str(years), {"unit": "y"})
    return client.request(frame)


def _new_auth_info() -> str:
    # Registries ask for each class of character, and for 16 characters at most.
    return "Aa1-" + secrets.token_urlsafe(9)
