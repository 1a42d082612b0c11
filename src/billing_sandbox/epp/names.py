"""Which names the registry takes: well-formed, one label under a suffix it serves, not premium."""

from __future__ import annotations

import re

LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
NAME_CHARS_MAX = 253
PREMIUM_PREFIX = "premium-"


def well_formed(text: str) -> str | None:
    """The name in lower case, or `None` if it is no host name of at least two labels."""
    name = text.lower()
    labels = name.split(".")
    if len(labels) < 2 or len(name) > NAME_CHARS_MAX or not all(map(LABEL.fullmatch, labels)):
        return None
    return name


def objection(name: str, suffixes: tuple[str, ...]) -> str | None:
    """Why the registry does not register this name, in at most 32 characters; `None` if it does."""
    if name in suffixes:
        return "Reserved name"
    served = [suffix for suffix in suffixes if name.endswith("." + suffix)]
    if not served:
        return "Suffix not served"
    label = name.removesuffix("." + max(served, key=len))
    if "." in label:
        return "Not directly under a suffix"
    if label[2:4] == "--" and not label.startswith("xn--"):
        return "Invalid name"
    return "Premium name" if label.startswith(PREMIUM_PREFIX) else None
