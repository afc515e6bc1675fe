"""Where pictures and their thumbnails lie in the storage: the one place that knows the form of their keys."""

import re
from uuid import UUID

_UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
# Of files that name no other image. Those whose keys do not say so were written by earlier versions, and may.
IS_OLD = "s3_key NOT LIKE '%.v2.%'"
NOBODY = UUID(int=0)
"""Whose a picture is when its person is gone before it is stored: no row will name it, and it is swept up."""

OF_AN_IMAGE = re.compile(rf"(?:images|thumbnails)/{_UUID}/({_UUID})(?:\.v2|\.large)?\.[a-z]+")
"""What all of its keys look like; the group is the image's id."""


OF_A_PART = re.compile(rf"uploads/{_UUID}/({_UUID})/{_UUID}\.part")
"""The group is the upload's id."""


def image_key(user_id: UUID | None, image_id: UUID, format: str) -> str:
    """The key of a picture's own bytes."""
    return f"images/{user_id or NOBODY}/{image_id}.v2.{format}"


def images_of(user_id: UUID) -> str:
    """How the keys of a person's pictures begin."""
    return f"images/{user_id}"


def thumbnails_of(user_id: UUID) -> str:
    """How the keys of their thumbnails begin."""
    return f"thumbnails/{user_id}"


def thumbnail_key(user_id: UUID | None, image_id: UUID) -> str:
    """The key of its thumbnail, a WebP."""
    return f"thumbnails/{user_id or NOBODY}/{image_id}.webp"


def large_thumbnail_key(user_id: UUID | None, image_id: UUID) -> str:
    """The key of its larger thumbnail, a WebP."""
    return f"thumbnails/{user_id or NOBODY}/{image_id}.large.webp"


def part_key(user_id: UUID, upload_id: UUID, part_id: UUID) -> str:
    """The key of a part of a picture that is on its way in."""
    return f"uploads/{user_id}/{upload_id}/{part_id}.part"


def is_old(key: str) -> bool:
    """`IS_OLD` for one key."""
    return ".v2." not in key
