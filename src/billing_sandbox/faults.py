"""Faults to be had on order: switches that make a provider fail in a named way, at a named point."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Any

from billing_sandbox.store import Json, Store

KINDS = {
    "lose_answer": "do it, then cut the connection without an answer",
    "slow": "wait `seconds`, then do it and answer",
    "refuse": "answer with the error `code`, without doing it",
    "close": "cut the connection without doing it",
    "hang": "take the request and never answer",
    "reject_connect": "turn new connections away",
    "lose": "never deliver the notification",
    "duplicate": "deliver the notification twice",
    "delay": "deliver the notification `seconds` later",
    "forge": "deliver a notification of a success that is none",
    "notify_first": "let the payment succeed, and deliver the notification before the answer",
    "instant": "let the payment succeed at once, and say so in the answer",
    "misreport": "do it, but tell of `code` instead of the true status or return code",
    "pad": "do it, and tell of it with spaces around every value",
    "stringify": "do it, and answer with texts for numbers",
    "html": "do it, and answer with a web page, and HTTP's status `code`",
}
_RULES_MAX = 1000


class BadFaults(ValueError):
    """The list of faults can't be read; the message says where and why."""


@dataclass(frozen=True)
class Fault:
    """What is to go wrong, once."""

    kind: str
    seconds: float | None = None
    code: int | None = None
    lifted: threading.Event = field(default_factory=threading.Event, compare=False, repr=False)
    """Set once the list that ordered it has been replaced: what hangs by it need hang no longer."""


@dataclass(frozen=True)
class _Rule:
    point: str
    fault: Fault
    times: int | None
    """How often it is still to happen; None is for ever."""

    def covers(self, point: str) -> bool:
        """A rule for `a.b` covers `a.b` and `a.b.c`; a star stands for anything."""
        return point.startswith(self.point + ".") or fnmatchcase(point, self.point)

    def to_json(self) -> Json:
        fault = self.fault
        return {
            "point": self.point,
            "times": self.times,
            "kind": fault.kind,
            "seconds": fault.seconds,
            "code": fault.code,
        }


class Faults:
    """The faults ordered and not yet used up, safe for many threads, kept across restarts."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lifted = threading.Event()
        self._watchers: list[Callable[[], None]] = []
        kept = store.get("sandbox", "faults")
        self._rules = [_rule(entry) for entry in kept["faults"]] if kept else []

    def take(self, point: str) -> Fault | None:
        """The first fault ordered for this point, counted as used; None where all shall go well."""
        if not self._rules:
            return None
        with self._store.transaction():
            for index, rule in enumerate(self._rules):
                if rule.covers(point):
                    self._use(index, rule)
                    return replace(rule.fault, lifted=self._lifted)
        return None

    def ordered(self, point: str) -> bool:
        """Whether there is one for this point; it is not counted as used."""
        return any(rule.covers(point) for rule in self._rules)

    def closed(self, point: str) -> bool:
        """Whether connections are turned away until further notice: `reject_connect` without `times`."""
        return any(
            rule.times is None and rule.fault.kind == "reject_connect" and rule.covers(point) for rule in self._rules
        )

    def watch(self, changed: Callable[[], None]) -> None:
        """Have `changed` called after each replacement of the list."""
        self._watchers.append(changed)

    def replace(self, body: Any) -> None:
        """Set the whole list from `{"faults": [{"point", "kind", "times", "seconds", "code"}]}`."""
        entries = body.get("faults") if isinstance(body, dict) else None
        if not isinstance(entries, list) or len(entries) > _RULES_MAX:
            raise BadFaults(f'the body must be {{"faults": [...]}} with at most {_RULES_MAX} entries')
        rules = [_rule(entry) for entry in entries]
        with self._store.transaction():
            self._set(rules)
            lifted, self._lifted = self._lifted, threading.Event()
        lifted.set()
        for changed in self._watchers:
            changed()

    def to_json(self) -> list[Json]:
        """What is still ordered, in the shape `replace` reads."""
        return [rule.to_json() for rule in self._rules]

    def _use(self, index: int, rule: _Rule) -> None:
        if rule.times is None:
            return
        left = [replace(rule, times=rule.times - 1)] if rule.times > 1 else []
        self._set(self._rules[:index] + left + self._rules[index + 1 :])

    def _set(self, rules: list[_Rule]) -> None:
        self._store.put("sandbox", {"id": "faults", "faults": [rule.to_json() for rule in rules]})
        self._rules = rules


def _rule(entry: Any) -> _Rule:
    if not isinstance(entry, dict) or not isinstance(entry.get("point"), str):
        raise BadFaults(f"a fault needs a point such as 'epp.create' or 'stripe.*': {entry!r}")
    unknown = entry.keys() - {"point", "kind", "times", "seconds", "code"}
    if unknown:
        raise BadFaults(f"a fault has no {', '.join(sorted(unknown))}: {entry!r}")
    if entry.get("kind") not in KINDS:
        raise BadFaults(f"kind must be one of {', '.join(KINDS)}: {entry!r}")
    times, seconds, code = (entry.get(name) for name in ("times", "seconds", "code"))
    if times is not None and (not isinstance(times, int) or times < 1):
        raise BadFaults(f"times must be a whole number from 1, or null for ever: {entry!r}")
    if seconds is not None and (not isinstance(seconds, int | float) or seconds < 0):
        raise BadFaults(f"seconds must be a number from 0: {entry!r}")
    if code is not None and not isinstance(code, int):
        raise BadFaults(f"code must be a whole number: {entry!r}")
    return _Rule(entry["point"], Fault(entry["kind"], seconds, code), times)
