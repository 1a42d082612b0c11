"""The sandbox's documents: a transaction is kept whole or not at all."""

from pathlib import Path

import pytest

from billing_sandbox.epp.store import Store as Registry
from billing_sandbox.store import Store


def test_what_fails_outside_undoes_what_was_done_inside() -> None:
    store = Store(":memory:")
    with pytest.raises(KeyboardInterrupt), store.transaction():
        with store.transaction():
            store.put("customer", {"id": "cus_1"})
        assert store.get("customer", "cus_1")
        raise KeyboardInterrupt
    assert store.get("customer", "cus_1") is None


def test_what_ended_well_is_kept_and_the_next_begins_anew() -> None:
    store = Store(":memory:")
    for number in (1, 2):
        with store.transaction():
            store.put("customer", {"id": f"cus_{number}"})
    with pytest.raises(ValueError, match="too late"), store.transaction():
        store.put("customer", {"id": "cus_3"})
        raise ValueError("too late")
    assert [one["id"] for one in store.find("customer", newest_first=False)] == ["cus_1", "cus_2"]


def test_a_registry_command_that_fails_has_done_nothing(tmp_path: Path) -> None:
    registry = Registry(tmp_path / "registry.sqlite")
    with registry.transaction() as db:
        db.execute("CREATE TABLE kept (name TEXT)")
    with pytest.raises(KeyboardInterrupt), registry.transaction() as db:
        db.execute("INSERT INTO kept VALUES ('example.rw')")
        raise KeyboardInterrupt
    with registry.transaction() as db:
        assert db.execute("SELECT count(*) FROM kept").fetchone()[0] == 0
