"""Pages of lists."""

from billing_sandbox.store import Json


def listing(url: str, data: list[Json], has_more: bool = False) -> Json:
    """A page of a list."""
    return {"object": "list", "data": data, "has_more": has_more, "url": url}
