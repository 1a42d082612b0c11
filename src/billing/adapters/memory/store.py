"""Rows of the in-memory ledger: whole copies in, whole copies out, a stamp on each to see who was faster."""

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field, fields, is_dataclass
from threading import RLock
from typing import Any, TypeVar

from billing.adapters.memory.uniqueness import Claim, claims_of, complaint
from billing.application.unit_of_work import ConcurrentChange
from billing.domain.errors import NotFound

T = TypeVar("T")
Key = tuple[type, Hashable]


_SHARED: set[type] = set()
"""Types seen whose values can't change: most values of most rows are of one of these."""


def clone(value: Any) -> Any:
    """A copy that shares only what can't change: entities and lists are copied, frozen values are not."""
    cls = type(value)
    names = _names_of(cls)
    if names is not None:
        parts = ((name, getattr(value, name)) for name in names)
        return cls(**{name: part if type(part) in _SHARED else clone(part) for name, part in parts})
    if isinstance(value, list):
        return [clone(one) for one in value]
    if isinstance(value, dict):
        return dict(value)
    _SHARED.add(cls)
    return value


def same(left: Any, right: Any) -> bool:
    """Whether two copies tell the same."""
    if left is right:
        return True
    names = _names_of(type(left))
    if names is not None:
        return right is not None and all(same(getattr(left, name), getattr(right, name)) for name in names)
    if isinstance(left, list):
        return len(left) == len(right) and all(same(a, b) for a, b in zip(left, right, strict=True))
    return bool(left == right)


_NAMES: dict[type, tuple[str, ...] | None] = {}


def _names_of(cls: type) -> tuple[str, ...] | None:
    """The fields of an entity; None for everything that is not one. Asked for every value, hence remembered."""
    if cls not in _NAMES:
        is_entity = is_dataclass(cls) and not cls.__dataclass_params__.frozen  # type: ignore[attr-defined]
        _NAMES[cls] = tuple(f.name for f in fields(cls)) if is_entity else None
    return _NAMES[cls]


@dataclass
class Row:
    """A stored value; the stamp rises with every unit that changed or locked it."""

    stamp: int
    value: Any


@dataclass
class Store:
    """What has been committed."""

    installation: str
    tables: dict[type, dict[Hashable, Row]] = field(default_factory=dict)
    claims: dict[Claim, Key] = field(default_factory=dict)
    log: list[Any] = field(default_factory=list)
    mutex: RLock = field(default_factory=RLock)

    @property
    def rows(self) -> dict[Key, Row]:
        """Every row by its key, to look at."""
        return {(cls, key): row for cls, table in self.tables.items() for key, row in table.items()}

    def row(self, cls: type, key: Hashable) -> Row | None:
        """One row, if it is there."""
        return self.table(cls).get(key)

    def table(self, cls: type) -> dict[Hashable, Row]:
        """The rows of a kind, in the order of their keys."""
        return self.tables.setdefault(cls, {})

    def put(self, cls: type, key: Hashable, row: Row) -> None:
        """A new row or another state of one."""
        table = self.table(cls)
        in_order = key in table or not table or str(next(reversed(table))) < str(key)
        table[key] = row
        if not in_order:
            self.tables[cls] = dict(sorted(table.items(), key=_by_key))


def _by_key(entry: tuple[Hashable, object]) -> str:
    return str(entry[0])


@dataclass
class Loaded:
    """A working copy within one unit, beside what it was when it was read."""

    value: Any
    base: Any
    stamp: int
    locked: bool = False

    @property
    def is_dirty(self) -> bool:
        """New, changed, or locked: to be written and checked."""
        return self.base is None or self.locked or not same(self.value, self.base)


class Session:
    """The working copies of one unit."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.loaded: dict[Key, Loaded] = {}

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

    def replace(self, key: Hashable, value: Any) -> None:
        """Another frozen value under a key, whether or not there is one."""
        self.find(type(value), key, lock=True)
        here = self.loaded.get((type(value), key))
        self.loaded[type(value), key] = Loaded(value, here.base, here.stamp, True) if here else Loaded(value, None, 0)

    def remove(self, cls: type, key: Hashable) -> None:
        """No longer there once the unit is committed."""
        if self.find(cls, key, lock=True) is not None:
            self.loaded[cls, key].value = None

    def get(self, cls: type[T], key: str, *, lock: bool = False) -> T:
        """The same, or NotFound."""
        found = self.find(cls, key, lock=lock)
        if found is None:
            raise NotFound(cls.__name__.lower(), key)
        return found

    def is_new(self, cls: type, key: Hashable) -> bool:
        """Whether this unit added it."""
        here = self.loaded.get((cls, key))
        return here is not None and here.base is None

    def all(self, cls: type[T], where: Callable[[T], bool] = lambda _: True) -> Iterator[T]:
        """Every row of a kind as this unit sees it, in the order of keys; only what fits is loaded."""
        with self.store.mutex:
            seen = {key: row.value for key, row in self.store.table(cls).items()}
        stored = len(seen)
        seen |= {key: here.value for (kind, key), here in self.loaded.items() if kind is cls}
        for key, value in seen.items() if len(seen) == stored else sorted(seen.items(), key=_by_key):
            if value is not None and where(value):
                found = self.find(cls, key)
                if found is not None:
                    yield found

    def commit(self) -> None:
        """Make the working copies the stored ones, all or none of them.

        ConcurrentChange where another unit changed or locked what this one did; otherwise as `require_unique`.
        """
        with self.store.mutex:
            dirty = self._dirty()
            for key, here in dirty.items():
                row = self.store.row(*key)
                if (row.stamp if row else 0) != here.stamp:
                    raise ConcurrentChange(f"{key[0].__name__} {key[1]}")
            self._require_unique(dirty)
            for key, here in dirty.items():
                self._write(key, here)

    def require_unique(self) -> None:
        """NameHeld, RenewalOpen or ConcurrentChange where two rows, as this unit sees them, claim the same."""
        with self.store.mutex:
            self._require_unique(self._dirty())

    def _dirty(self) -> dict[Key, Loaded]:
        return {key: here for key, here in self.loaded.items() if here.is_dirty}

    def _require_unique(self, dirty: dict[Key, Loaded]) -> None:
        claimed: set[Claim] = set()
        clashes: set[Claim] = set()
        for here in dirty.values():
            for claim in claims_of(here.value):
                holder = self.store.claims.get(claim)
                if claim in claimed or (holder is not None and holder not in dirty):
                    clashes.add(claim)
                claimed.add(claim)
        if clashes:
            raise complaint(clashes) or ConcurrentChange(f"{min(clashes)} is there already")

    def _write(self, key: Key, here: Loaded) -> None:
        for claim in claims_of(here.base):
            if self.store.claims.get(claim) == key:
                del self.store.claims[claim]
        if here.value is None:
            del self.store.table(key[0])[key[1]]
            return
        if here.base is not None and hasattr(here.value, "version") and not same(here.value, here.base):
            here.value.version += 1
        self.store.put(*key, Row(here.stamp + 1, clone(here.value)))
        self.store.claims.update(dict.fromkeys(claims_of(here.value), key))
