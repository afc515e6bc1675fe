"""Reading what was stored in the API's own words, perhaps by an earlier version with other rules."""

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

Model = TypeVar("Model", bound=BaseModel)


def read_stored(model: type[Model], said: Mapping[str, Any]) -> tuple[Model, list[str]]:
    """What of it can still be read, and the names of the fields that cannot."""
    try:
        return model.model_validate(said), []
    except ValidationError as error:
        bad = {str(each["loc"][0]) for each in error.errors()}
    left = {name: value for name, value in said.items() if name not in bad}
    return model.model_validate(left), sorted(bad)
