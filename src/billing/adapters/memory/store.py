"""Rows of the in-memory ledger: whole copies in, whole copies out, a stamp on each to see who was faster."""

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field, fields, is_dataclass
from threading import RLock
from typing import Any, TypeVar

from billing.application.unit_of_work import ConcurrentChange
from billing.domain.errors import NotFound

T = TypeVar("T")
Key = tuple[type, Hashable]


def clone(value: Any) -> Any:
    """A copy that shares only what can't change: entities and lists are copied, frozen values are not."""
    if is_dataclass(value) and not isinstance(value, type) and not _is_frozen(value):
        return type(value)(**{f.name: clone(getattr(value, f.name)) for f in fields(value)})
    if isinstance(value, list):
        return [clone(one) for one in value]
    return dict(value) if isinstance(value, dict) else value


def same(left: Any, right: Any) -> bool:
    """Whether two copies tell the same."""
    if is_dataclass(left) and not isinstance(left, type) and not _is_frozen(left):
        return all(same(getattr(left, f.name), getattr(right, f.name)) for f in fields(left))
    if isinstance(left, list):
        return len(left) == len(right) and all(same(a, b) for a, b in zip(left, right, strict=True))
    return bool(left == right)


def _is_frozen(value: Any) -> bool:
    return bool(type(value).__dataclass_params__.frozen)


@dataclass
class Row:
    """A stored value; the stamp rises with every unit that changed or locked it."""

    stamp: int
    value: Any


@dataclass
class Store:
    """What has been committed."""

    installation: str
    rows: dict[Key, Row] = field(default_factory=dict)
    log: list[Any] = field(default_factory=list)
    mutex: RLock = field(default_factory=RLock)


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
                row = self.store.rows.get((cls, key))
                if row is None:
                    return None
                here = Loaded(clone(row.value), clone(row.value), row.stamp)
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
            stored = {key: row.value for (kind, key), row in self.store.rows.items() if kind is cls}
        stored |= {key: here.value for (kind, key), here in self.loaded.items() if kind is cls}
        for key in sorted(stored, key=str):
            if stored[key] is not None and where(stored[key]):
                found = self.find(cls, key)
                if found is not None:
                    yield found

    def require_unbeaten(self) -> None:
        """ConcurrentChange where another unit changed or locked what this one did."""
        for (cls, key), here in self.loaded.items():
            row = self.store.rows.get((cls, key))
            if here.is_dirty and (row.stamp if row else 0) != here.stamp:
                raise ConcurrentChange(f"{cls.__name__} {key}")

    def write(self) -> None:
        """Make the working copies the stored ones."""
        for key, here in self.loaded.items():
            if not here.is_dirty:
                continue
            if here.value is None:
                del self.store.rows[key]
                continue
            if here.base is not None and hasattr(here.value, "version") and not same(here.value, here.base):
                here.value.version += 1
            self.store.rows[key] = Row(here.stamp + 1, clone(here.value))
