"""Copies of entities: what can't change is shared between them, lists, mappings and entities within are not."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from operator import attrgetter
from typing import Any, get_args, get_origin, get_type_hints

_COPIED = {list, dict, Mapping}


@dataclass(frozen=True, slots=True)
class _Shape:
    """The fields of an entity: `values` can't change within, `parts` can; `read` gets all values at once."""

    values: tuple[str, ...]
    parts: tuple[str, ...]
    read: Callable[[object], tuple[Any, ...]]


@cache
def _shape_of(cls: Any) -> _Shape | None:
    """None for everything that is not an entity."""
    if not is_dataclass(cls) or cls.__dataclass_params__.frozen:  # type: ignore[union-attr]
        return None
    hints = get_type_hints(cls)
    parts = tuple(f.name for f in fields(cls) if _can_change(hints[f.name]))
    values = tuple(f.name for f in fields(cls) if f.name not in parts)
    return _Shape(values, parts, attrgetter(*values))


def _can_change(hint: Any) -> bool:
    return get_origin(hint) in _COPIED or any(map(_can_change, get_args(hint)))


def clone(value: Any) -> Any:
    """A copy that nobody can change through the other one."""
    cls: Any = type(value)
    shape = _shape_of(cls)
    if shape is not None:
        state = dict(zip(shape.values, shape.read(value), strict=True))
        for name in shape.parts:
            state[name] = clone(getattr(value, name))
        return cls(**state)
    if isinstance(value, list):
        return [clone(one) for one in value]
    return dict(value) if isinstance(value, dict) else value


def same(left: Any, right: Any) -> bool:
    """Whether two copies tell the same."""
    if left is right:
        return True
    cls: Any = type(left)
    shape = _shape_of(cls)
    if shape is not None:
        return (
            type(right) is cls
            and shape.read(left) == shape.read(right)
            and all(same(getattr(left, name), getattr(right, name)) for name in shape.parts)
        )
    if isinstance(left, list):
        return len(left) == len(right) and all(map(same, left, right))
    return bool(left == right)


def restore(entity: Any, before: Any) -> None:
    """Put an entity back to what its copy tells, and keep it and what is in it the same objects."""
    for f in fields(entity):
        old, current = getattr(before, f.name), getattr(entity, f.name)
        if _holds_entities(current):
            del current[len(old) :]
            for part, was in zip(current, old, strict=True):
                restore(part, was)
        else:
            setattr(entity, f.name, old)


def _holds_entities(value: Any) -> bool:
    """Lists of values, such as the items of a refund, are put back whole."""
    return isinstance(value, list) and any(is_dataclass(part) for part in value)
