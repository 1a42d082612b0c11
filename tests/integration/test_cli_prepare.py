"""Commands that prepare a shop, as an operator types them."""

from pathlib import Path

import pytest

from tests.integration.test_cli_money import Desk, desk

__all__ = ["desk"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("prices.toml", b"currencies = ["),
        ("prices.toml", "currencies = ['é']".encode("latin-1")),
        ("prices.json", b"[1, 2]"),
        ("prices.json", b"{"),
        ("prices.json", b"[" * 100_000),
    ],
)
def test_a_price_list_that_can_not_be_read_is_named(desk: Desk, tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    assert name in desk.refused("catalogue", "load", str(tmp_path / name))
