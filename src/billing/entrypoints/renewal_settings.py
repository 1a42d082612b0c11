"""Settings of what is done by itself once a day: renewals, and who is told of them when."""

from dataclasses import dataclass

from environs import Env
from marshmallow import ValidationError
from marshmallow.validate import Range


@dataclass(frozen=True, kw_only=True)
class RenewalSettings:
    """Days count down to an expiry, or on from a decline."""

    mail_days: tuple[int, ...]
    retry_days: tuple[int, ...]
    alert_days: int
    daily_at_hour: int


def read_renewals(env: Env) -> RenewalSettings:
    """How automatic renewals are gone about."""
    return RenewalSettings(
        mail_days=_days(env, "RENEWAL_MAIL_DAYS", [30, 14, 7, 3, 1]),
        retry_days=_days(env, "RENEWAL_RETRY_DAYS", [1, 3, 5, 7]),
        alert_days=env.int("RENEWAL_ALERT_DAYS", 3, validate=Range(min=1)),
        daily_at_hour=env.int("DAILY_AT_HOUR", 4, validate=Range(min=0, max=23)),
    )


def _days(env: Env, name: str, default: list[int]) -> tuple[int, ...]:
    return tuple(env.list(name, default, subcast=int, validate=_whole_days) or ())


def _whole_days(days: list[int]) -> None:
    if not days or any(day < 1 for day in days):
        raise ValidationError("Must be numbers of days by comma, each 1 at least.")
