"""The form of single settings; what is wrong with one is said without repeating it, since some hold passwords."""

import re
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from environs import Env
from marshmallow import ValidationError
from marshmallow.validate import Range

from billing.domain.domain_name import DomainName
from billing.domain.errors import Invalid

POSITIVE = Range(min=0, min_inclusive=False)
PORT = Range(min=1, max=65535)

# A password may hold what a URL should escape, as the database's driver lets it.
_SERVER = re.compile(
    r"[a-z+]+://(?:[^:/@]*(?::[^@]*)?@)?(?P<host>\[[^]/]+]|[^/:@?]*)(?::(?P<port>[0-9]+))?(?P<path>/[^?]*)?(?:\?.*)?"
)
_SECRET_CHARS_MIN = 32
_STRIPE_KEY = re.compile(r"(?:sk|rk)_[!-~]+")
_BIND = re.compile(r"(?:\[[0-9A-Fa-f:.]+]|[A-Za-z0-9._-]+):([0-9]+)")
_HOST = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9])?\.?")


def optional(env: Env, name: str, check: Callable[[str], None]) -> str | None:
    """None also where it is set to nothing, as templates of environments do."""
    return env.str(name, None, validate=lambda value: check(value) if value else None) or None


def ledger_url(value: str) -> None:
    """`sqlite:///file` or `postgresql://…`."""
    if value.startswith("sqlite:///"):
        _require_file(value)
    elif value.startswith(("postgresql://", "postgresql+psycopg://")):
        _require_server(value)
    else:
        raise ValidationError("Must begin with sqlite:/// or postgresql://.")


def queue_url(value: str) -> None:
    """`sqlite:///file`, `redis://…`, `postgresql://…` or `memory://`."""
    if value.startswith("sqlite:///"):
        _require_file(value)
    elif value.startswith(("redis://", "rediss://")):
        server = _require_server(value)
        if not server["host"] or not re.fullmatch(r"/?[0-9]*", server["path"] or ""):
            raise ValidationError("Must be a host, and behind it the number of a database at most.")
    elif value.startswith("postgresql://"):
        _require_server(value)
    elif value != "memory://":
        raise ValidationError("Must begin with sqlite:///, redis://, rediss:// or postgresql://, or be memory://.")


def web_address(value: str) -> None:
    """An absolute http or https address of a host, with a path at most."""
    try:
        parts = urlsplit(value)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        sound = False
    if not sound or not re.fullmatch(r"[!-~]+", value) or parts.query or parts.fragment:
        raise ValidationError("Must be an address such as https://billing.example.")


def bind_address(value: str) -> None:
    """`host:port`."""
    fits = _BIND.fullmatch(value)
    if fits is None or not 1 <= int(fits[1]) <= 65535:
        raise ValidationError("Must be host:port, such as 127.0.0.1:8000.")


def host_name(value: str) -> None:
    """A host's name or IP address, without scheme and port."""
    try:
        ip_address(value)
    except ValueError:
        if _HOST.fullmatch(value) is None:
            raise ValidationError("Must be a host's name or IP address alone.") from None


def existing_file(value: str) -> None:
    """A path where a file is."""
    if not Path(value).is_file():
        raise ValidationError("There is no such file.")


def existing_folder(value: str) -> None:
    """A path where a folder is."""
    if not Path(value).is_dir():
        raise ValidationError("There is no such folder.")


def secrets(values: list[str]) -> None:
    """One or more, none of them blank."""
    if not all(value.strip() for value in values) or not values:
        raise ValidationError("Must be one or more by comma, none of them blank.")


def stripe_key(value: str) -> None:
    """One that a server may have: https://docs.stripe.com/keys"""
    if _STRIPE_KEY.fullmatch(value) is None:
        raise ValidationError("Must be a secret or a restricted key: sk_… or rk_…")


def never_or_hours(value: float) -> None:
    """0, or so long that one round is over before the next begins."""
    if value and not value >= 0.25:
        raise ValidationError("Must be 0 or at least 0.25.")


def long_secrets(values: list[str]) -> None:
    """None, or each long enough that nobody finds it by trying."""
    if any(len(value.strip()) < _SECRET_CHARS_MIN for value in values):
        raise ValidationError(f"Must be one or more by comma, each of {_SECRET_CHARS_MIN} characters at least.")


def registrar_routes(value: str) -> dict[str, str]:
    """Adapters by suffix: `.RW=epp,co.rw=epp` is `{"rw": "epp", "co.rw": "epp"}`."""
    routes: dict[str, str] = {}
    for route in filter(None, map(str.strip, value.split(","))):
        suffix, _, adapter = (part.strip() for part in route.partition("="))
        suffix = suffix.lower().removeprefix(".")
        try:
            DomainName(f"name.{suffix}")
        except Invalid:
            suffix = ""
        if not suffix or not adapter:
            raise ValidationError(f"{route} is not suffix=adapter, such as rw=epp.")
        if routes.setdefault(suffix, adapter) != adapter:
            raise ValidationError(f".{suffix} is sent to two adapters.")
    return routes


def _require_file(url: str) -> None:
    file = url.removeprefix("sqlite:///").partition("?")[0]
    if file in ("", ":memory:") or Path(file).is_dir():
        raise ValidationError("Must name a file behind sqlite:///.")


def _require_server(url: str) -> re.Match[str]:
    server = _SERVER.fullmatch(url)
    if server is None or not 1 <= int(server["port"] or 1) <= 65535:
        raise ValidationError("Its host or port can't be read.")
    if not server["host"] and not (server["path"] or "").strip("/"):
        raise ValidationError("Must name a host or a database.")
    return server
