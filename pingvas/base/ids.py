"""New row ids: UUID version 7, so that ids sort by the time they were made."""

import uuid

import uuid_utils


def new_id() -> uuid.UUID:
    """A fresh UUID version 7 (RFC 9562): time-ordered, hence kind to B-tree indexes."""
    return uuid.UUID(int=uuid_utils.uuid7().int)
