"""A schema that is one of several, told apart by the value of one field."""

from collections.abc import Mapping
from typing import Any, ClassVar

from marshmallow import Schema, ValidationError


class Choice(Schema):
    """Reads with the shape that the field `tag` names; `refused` are values known and not offered, with the reason."""

    tag: ClassVar[str]
    refused: ClassVar[Mapping[str, str]] = {}
    shapes: Mapping[str, Schema]

    def load(self, data: Any, **_: Any) -> Any:
        """What the fitting shape makes of it; ValidationError names the tag where none fits."""
        if not isinstance(data, Mapping):
            raise ValidationError("Not an object.")
        if self.tag not in data:
            raise ValidationError({self.tag: ["Missing data for required field."]})
        value = data[self.tag]
        if not isinstance(value, str) or value not in self.shapes:
            raise ValidationError({self.tag: [self._why(value)]})
        return self.shapes[value].load(data)

    def _why(self, value: object) -> str:
        if isinstance(value, str) and value in self.refused:
            return self.refused[value]
        return f"Must be one of: {', '.join(self.shapes)}."
