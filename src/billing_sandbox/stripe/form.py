"""Reading form-encoded parameters with brackets, such as `line_items[0][price_data][currency]=rwf`."""

import re
from typing import TypeAlias
from urllib.parse import parse_qsl

from billing_sandbox.stripe.errors import StripeError

Raw: TypeAlias = "str | dict[str, Raw]"
"""What was sent under one name: a string, or what was sent under the names below it."""
Tree: TypeAlias = dict[str, "Raw"]

_FIELDS_MAX = 2000
_DEPTH_MAX = 8
_NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")


def decode(encoded: str) -> Tree:
    """A tree of strings; a list is a branch whose names are its indices."""
    try:
        pairs = parse_qsl(encoded, keep_blank_values=True, max_num_fields=_FIELDS_MAX)
    except ValueError as error:
        raise StripeError(f"Unreadable parameters: {error}") from error
    tree: Tree = {}
    for name, value in pairs:
        _plant(tree, _path(name), value, name)
    return tree


def _path(name: str) -> list[str]:
    match = _NAME.fullmatch(name)
    if match is None:
        raise StripeError(f"Invalid parameter name: {name}", param=name)
    path = [match[1], *re.findall(r"\[([^\]]*)\]", match[2])]
    if len(path) > _DEPTH_MAX:
        raise StripeError(f"Parameter nested too deeply: {name}", param=name)
    return path


def _plant(tree: Tree, path: list[str], value: str, name: str) -> None:
    branch = tree
    for step in path[:-1]:
        below = branch.setdefault(step or str(len(branch)), {})
        if isinstance(below, str):
            raise StripeError(f"Invalid parameter: {name}", param=name)
        branch = below
    leaf = path[-1] or str(len(branch))
    if isinstance(branch.get(leaf), dict):
        raise StripeError(f"Invalid parameter: {name}", param=name)
    branch[leaf] = value
