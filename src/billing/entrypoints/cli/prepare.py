"""Commands that prepare a shop: its database, its prices, its callers."""

import json
import tomllib
from pathlib import Path
from typing import Any

import click

from billing.application.records import ApiKey
from billing.application.shop.access import Role
from billing.domain.errors import Invalid
from billing.entrypoints.cli.show import AS_JSON, operator, say, show
from billing.entrypoints.startup import start_command


@click.group()
def db() -> None:
    """The database's schema."""


@db.command()
@AS_JSON
def upgrade(as_json: bool) -> None:
    """Bring the schema, and a queue on PostgreSQL, to what this program needs.

    Safe to repeat, also at once from several machines.
    """
    container = start_command()
    schema = container.upgrade_schema()
    container.prepare_bell()
    say(as_json, {"schema": schema}, "the schema is at {schema}")


@db.command()
@AS_JSON
def current(as_json: bool) -> None:
    """Say which schema the database has; exit code 1 where it is not the one needed."""
    container = start_command()
    facts = {"schema": container.current_schema() or "none", "needed": container.needed_schema()}
    say(as_json, facts, "the schema is at {schema}, this program needs {needed}")
    raise SystemExit(facts["schema"] != facts["needed"])


@click.group()
def catalogue() -> None:
    """What is sold, and for how much."""


@catalogue.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@AS_JSON
def load(file: Path, as_json: bool) -> None:
    """Put the price list of FILE (TOML or JSON) in force; orders placed before keep their prices."""
    number, loaded = start_command().load_catalogue()(_document(file), operator())
    facts = {"number": number, "tlds": len(loaded.tlds), "plans": len(loaded.plans)}
    say(as_json, facts, "catalogue {number} is in force: {tlds} suffixes, {plans} plans")


def _document(file: Path) -> dict[str, Any]:
    try:
        text = file.read_text(encoding="utf-8")
        parsed = json.loads(text) if file.suffix == ".json" else tomllib.loads(text)
    except (ValueError, RecursionError) as malformed:
        raise Invalid(str(file), str(malformed)) from malformed
    if not isinstance(parsed, dict):
        raise Invalid(str(file), "a catalogue is a table")
    return parsed


@click.group()
def keys() -> None:
    """Who may call the API."""


@keys.command()
@click.argument("name")
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True, help="What it may do.")
@AS_JSON
def create(name: str, role: str, as_json: bool) -> None:
    """Make a key for NAME; it is shown this once and kept as a digest only."""
    key, secret = start_command().create_key()(name, Role(role), operator())
    facts = {"id": key.id, "name": key.name, "role": key.role, "key": secret}
    say(as_json, facts, "{key}\n(role {role}, for {name}; it will not be shown again)")


@keys.command("list")
@AS_JSON
def list_keys(as_json: bool) -> None:
    """Every key there ever was, revoked ones too; what the keys are is known to their holders only."""
    found = start_command().ledger().read(lambda uow: uow.api_keys.all())
    show(as_json, [_key(key) for key in found], "keys")


@keys.command()
@click.argument("key_id")
@AS_JSON
def revoke(key_id: str, as_json: bool) -> None:
    """End what KEY_ID may do, at once and for ever."""
    say(as_json, _key(start_command().revoke_key()(key_id, operator())), "{id} of {name} is revoked")


def _key(key: ApiKey) -> dict[str, Any]:
    return {
        "id": key.id,
        "name": key.name,
        "role": key.role,
        "created_at": key.created_at,
        "revoked_at": key.revoked_at,
    }
