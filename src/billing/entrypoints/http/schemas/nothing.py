"""The body of a call that takes none."""

from marshmallow import Schema


class NothingSchema(Schema):
    """No body, or an object without members."""
