"""The root of every body that is given: what it does not know is refused, not overlooked."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidatorFunctionWrapHandler, WrapValidator
from pydantic_core import InitErrorDetails

MOST_ID = 2**63 - 1

Number = Annotated[int, Field(ge=1, le=MOST_ID)]
"""The number of a stored thing."""

Tag = Annotated[str, Field(min_length=1, max_length=100)]


class Form(BaseModel):
    """A body or a part of one; a field that it does not name is `unknown_field`."""

    model_config = ConfigDict(extra="forbid")


def _place_as_written(value: object, inner: ValidatorFunctionWrapHandler) -> object:
    """Names a field as the asker wrote it: pydantic puts the kind, which is no level of the JSON, into its place."""
    try:
        return inner(value)
    except ValidationError as error:
        raise ValidationError.from_exception_data(
            error.title,
            [
                InitErrorDetails(type=one["type"], loc=one["loc"][1:], input=one["input"], ctx=one.get("ctx") or {})
                for one in error.errors(include_url=False)
            ],
        ) from error


AS_WRITTEN = WrapValidator(_place_as_written)
"""For a union that is told apart by its kind."""
