"""What everybody's devices hear of the studio."""

from __future__ import annotations

from typing import ClassVar

from pingvas.base.events import EventPayload


class AnnouncementsChanged(EventPayload):
    """There is another announcement, or one fewer: read them again."""

    event: ClassVar[str] = "system:announcement"
