"""Every event that the server sends to a page, and the document from which the page's types are made.

`python -m pingvas.realtime.events > web/events.json` prints it.
"""

from __future__ import annotations

import json
import sys
from typing import Any, ClassVar
from uuid import UUID

from pydantic.json_schema import models_json_schema

from pingvas.accounts.events import AccountUpdated, AnnouncementsChanged, AuthExpired
from pingvas.base.events import EventPayload, Resync
from pingvas.billing.events import CreditsLow, CreditsUpdated, SubscriptionUpdated
from pingvas.generation.events import (
    JobCanceled,
    JobCompleted,
    JobFailed,
    JobPending,
    JobProgress,
    JobQueued,
    JobStarted,
)
from pingvas.generation.status.waiting import WaitingFor


class QueuePosition(EventPayload):
    """Where a waiting job stands now. `position` and `eta_seconds`: null while nobody can tell."""

    event: ClassVar[str] = "queue:position"

    job_id: UUID
    position: int | None
    eta_seconds: float | None
    waiting_for: WaitingFor


SERVER_EVENTS: tuple[type[EventPayload], ...] = (
    JobPending,
    JobQueued,
    JobStarted,
    JobProgress,
    JobCompleted,
    JobFailed,
    JobCanceled,
    QueuePosition,
    CreditsUpdated,
    CreditsLow,
    SubscriptionUpdated,
    AccountUpdated,
    AuthExpired,
    AnnouncementsChanged,
    Resync,
)


def events_document() -> dict[str, Any]:
    """An OpenAPI document of nothing but types: `ServerEvents` has a payload for each name of an event."""
    _, schemas = models_json_schema(
        [(payload, "validation") for payload in SERVER_EVENTS],
        ref_template="#/components/schemas/{model}",
    )
    types: dict[str, Any] = schemas["$defs"]
    for schema in types.values():
        for field in schema.get("properties", {}).values():
            field.pop("default", None)  # what is left out is not sent, so there is no default on the page
    types["ServerEvents"] = {
        "type": "object",
        "properties": {
            payload.event: {"$ref": f"#/components/schemas/{payload.__name__}"} for payload in SERVER_EVENTS
        },
        "required": [payload.event for payload in SERVER_EVENTS],
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "Events that Pingvas Studio sends over the socket", "version": "1"},
        "paths": {},
        "components": {"schemas": types},
    }


if __name__ == "__main__":
    json.dump(events_document(), sys.stdout, indent=1, ensure_ascii=False)
    sys.stdout.write("\n")
