"""A domain registry on loopback that speaks EPP over TLS (RFC 5730 to 5734).

What a registry may choose, it chooses so: nameservers are host objects and must exist (2303), their
addresses are optional; a registrant is required, other roles are not; names that start with `premium-`
can't be had; a renewal may reach ten years ahead and comes too late 45 days after expiry (2105).
"""

from billing_sandbox.epp.registry import EppRegistry

__all__ = ["EppRegistry"]
