"""The one definition of "the disk is full": what the system and PostgreSQL say of it, what a library repeats of that, and
what the studio's own errors carry on."""

from __future__ import annotations

import errno
import re

_NUMBERS = {errno.ENOSPC, errno.EDQUOT}
_REPEATED = re.compile(
    rf"\(os error (?:{'|'.join(map(str, sorted(_NUMBERS)))})\)|\bcode: (?:{'|'.join(map(str, sorted(_NUMBERS)))})\b"
)
_POSTGRES = "53100"
CODE = "storage_full"


def is_disk_full(error: BaseException) -> bool:
    """Whether an error, or what it came from, says that there is no room left."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, OSError) and seen.errno in _NUMBERS:
            return True
        if getattr(seen, "sqlstate", None) == _POSTGRES or getattr(seen, "code", None) == CODE:
            return True
        seen = getattr(seen, "orig", None) or seen.__cause__
    return False


def says_disk_full(text: str) -> bool:
    """Whether a library that gives no numbers repeats the system's in what it says. Not for texts with foreign words."""
    return _REPEATED.search(text) is not None
