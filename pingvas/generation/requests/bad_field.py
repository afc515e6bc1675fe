"""How a bad field of a request is named to whoever sent it."""

from typing import Any


def bad_field(name: str, message: str, *, within: tuple[str | int, ...] = ()) -> dict[str, Any]:
    """One bad field of a request's body, and what is wrong with it; `within` leads to where the field stands."""
    return {"loc": ["body", *within, name], "msg": message}
