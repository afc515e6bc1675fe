"""New row ids: UUID version 7, so that ids sort by the time they were made."""

import uuid
from datetime import datetime

import uuid_utils


def new_id() -> uuid.UUID:
    """A fresh UUID version 7 (RFC 9562): time-ordered, hence kind to B-tree indexes."""
    return uuid.UUID(int=uuid_utils.uuid7().int)


def first_id_of(moment: datetime) -> uuid.UUID:
    """The smallest id that could be made at this moment: ids below it are older. A bound for reading by age."""
    milliseconds = int(moment.timestamp() * 1000)
    return uuid.UUID(int=milliseconds << 80 | 0x7 << 76 | 0x8 << 60)
