"""How errors are described in OpenAPI; `problems.py` writes them."""

from marshmallow import INCLUDE, Schema, fields


class FieldErrorSchema(Schema):
    """A value that can't stand."""

    field = fields.String(required=True, metadata={"description": "Dotted path: `contacts.registrant.phone`."})
    why = fields.String(required=True)


class ProblemSchema(Schema):
    """RFC 9457."""

    class Meta:
        unknown = INCLUDE

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    errors = fields.List(fields.Nested(FieldErrorSchema))
    gateways = fields.List(
        fields.String(), metadata={"description": "Where a gateway can't be used: others by which it can be paid now."}
    )
    retry_after = fields.Integer(metadata={"description": "Seconds; the same as the header Retry-After."})
