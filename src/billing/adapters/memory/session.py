"""The working copies of one unit: whole copies in, whole copies out, a stamp on each to see who was faster."""

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from billing.adapters.memory.copies import clone, same
from billing.adapters.memory.store import Key, Row, Store, by_key, is_waiting
from billing.adapters.memory.uniqueness import Claim, claims_of, complaint
from billing.application.unit_of_work import ConcurrentChange
from billing.domain.errors import NotFound

T = TypeVar("T")


@dataclass(slots=True)
class Loaded:
    """A working copy within one unit, beside what it was when it was read."""

    value: Any
    base: Any
    stamp: int
    locked: bool = False

    @property
    def is_changed(self) -> bool:
        """New, removed, or not what it was."""
        return self.base is None or not same(self.value, self.base)


class Session:
    """The working copies of one unit."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.loaded: dict[Key, Loaded] = {}

    # ------------------------------------------------------------------ one row

    def add(self, key: Hashable, value: Any) -> None:
        """A new row."""
        self.loaded[type(value), key] = Loaded(value, None, 0)

    def find(self, cls: type[T], key: Hashable, *, lock: bool = False) -> T | None:
        """The working copy of a row, None where there is none."""
        here = self.loaded.get((cls, key))
        if here is None:
            with self.store.mutex:
                row = self.store.row(cls, key)
                if row is None:
                    return None
                here = Loaded(clone(row.value), row.value, row.stamp)
            self.loaded[cls, key] = here
        here.locked = here.locked or lock
        found: T = here.value
        return found

    def get(self, cls: type[T], key: str, *, lock: bool = False) -> T:
        """The same, or NotFound."""
        found = self.find(cls, key, lock=lock)
        if found is None:
            raise NotFound(cls.__name__.lower(), key)
        return found

    def replace(self, key: Hashable, value: Any) -> None:
        """Another frozen value under a key, whether or not there is one."""
        self.find(type(value), key, lock=True)
        here = self.loaded.get((type(value), key))
        self.loaded[type(value), key] = Loaded(value, here.base, here.stamp, True) if here else Loaded(value, None, 0)

    def remove(self, cls: type, key: Hashable) -> None:
        """No longer there once the unit is committed."""
        if self.find(cls, key, lock=True) is not None:
            self.loaded[cls, key].value = None

    def is_new(self, cls: type, key: Hashable) -> bool:
        """Whether this unit added it."""
        here = self.loaded.get((cls, key))
        return here is not None and here.base is None

    # ------------------------------------------------------------------ which rows

    def claimant(self, cls: type[T], rule: str, value: str) -> T | None:
        """The one row of that kind, as this unit sees it, which claims this value under this rule."""
        claim = Claim(rule, value)
        for (kind, _), here in self.loaded.items():
            if kind is cls and claim in claims_of(here.value):
                found: T = here.value
                return found
        with self.store.mutex:
            holder = self.store.claims.get(claim)
        return None if holder is None or holder in self.loaded else self.find(cls, holder[1])

    def all(self, cls: type[T], where: Callable[[T], bool] = lambda _: True) -> Iterator[T]:
        """Every row of a kind as this unit sees it, in the order of keys; only what fits is loaded."""
        with self.store.mutex:
            stored = {key: row.value for key, row in self.store.table(cls).items()}
        return self._seen(cls, stored, where)

    def waiting(self, cls: type[T], where: Callable[[T], bool] = lambda _: True) -> Iterator[T]:
        """The same, but of those alone that are waiting."""
        with self.store.mutex:
            stored = {key: row.value for key, row in sorted(self.store.waiting[cls].items(), key=by_key)}
        return self._seen(cls, stored, lambda value: is_waiting(value) and where(value))

    def _seen(self, cls: type[T], stored: dict[Hashable, T], where: Callable[[T], bool]) -> Iterator[T]:
        seen = stored | {key: here.value for (kind, key), here in self.loaded.items() if kind is cls}
        for key, value in seen.items() if len(seen) == len(stored) else sorted(seen.items(), key=by_key):
            if value is not None and where(value):
                found = self.find(cls, key)
                if found is not None:
                    yield found

    # ------------------------------------------------------------------ all or none

    def commit(self) -> None:
        """Make the working copies the stored ones, all or none of them.

        ConcurrentChange where another unit changed or locked what this one did; otherwise as `require_unique`.
        """
        with self.store.mutex:
            changed = self._changed()
            written = {key: here for key, here in self.loaded.items() if here.locked or key in changed}
            for key, here in written.items():
                row = self.store.row(*key)
                if (row.stamp if row else 0) != here.stamp:
                    raise ConcurrentChange(f"{key[0].__name__} {key[1]}")
            claims = self._require_unique(changed)
            for key, here in written.items():
                self._write(key, here, claims.get(key))

    def require_unique(self) -> None:
        """NameHeld, RenewalOpen or ConcurrentChange where two rows, as this unit sees them, claim the same."""
        with self.store.mutex:
            self._require_unique(self._changed())

    def _changed(self) -> dict[Key, Loaded]:
        return {key: here for key, here in self.loaded.items() if here.is_changed}

    def _require_unique(self, changed: Mapping[Key, Loaded]) -> Mapping[Key, tuple[Claim, ...]]:
        """What every changed row claims from now on."""
        claims = {key: tuple(claims_of(here.value)) for key, here in changed.items()}
        claimed: set[Claim] = set()
        clashes: set[Claim] = set()
        for claim in (claim for of_row in claims.values() for claim in of_row):
            holder = self.store.claims.get(claim)
            if claim in claimed or (holder is not None and holder not in changed):
                clashes.add(claim)
            claimed.add(claim)
        if clashes:
            raise complaint(clashes) or ConcurrentChange(f"{min(clashes)} is there already")
        return claims

    def _write(self, key: Key, here: Loaded, claims: tuple[Claim, ...] | None) -> None:
        """A row that was only locked, and hence claims nothing new, gets another stamp."""
        row = self.store.row(*key)
        if claims is None and row is not None:
            row.stamp += 1
        elif here.value is None:
            self.store.delete(*key)
        else:
            if here.base is not None and hasattr(here.value, "version"):
                here.value.version += 1
            self.store.put(*key, Row(here.stamp + 1, clone(here.value), claims or ()))
