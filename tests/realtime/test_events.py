"""Every event that is sent has a type, and the page was built from these types."""

from __future__ import annotations

import json
import pkgutil
from importlib import import_module

import openapi_spec_validator
import pytest
from pydantic import ValidationError

import pingvas
from pingvas.base.events import EventPayload
from pingvas.base.ids import new_id
from pingvas.base.settings import REPOSITORY
from pingvas.generation.events import ImagePayload, JobFailed, JobQueued
from pingvas.realtime.events import SERVER_EVENTS, events_document


def test_the_page_was_built_from_these_events() -> None:
    """Otherwise: `python -m pingvas.realtime.events > web/events.json && (cd web && npm run generate)`."""
    published = json.loads((REPOSITORY / "web" / "events.json").read_text())

    assert published == json.loads(json.dumps(events_document()))


def test_the_document_of_the_events_is_valid() -> None:
    openapi_spec_validator.validate(events_document())


def test_every_event_of_the_house_is_on_the_list_once_and_says_what_it_is() -> None:
    for module in pkgutil.walk_packages(pingvas.__path__, "pingvas."):
        if module.name.endswith(".events"):
            import_module(module.name)
    of_the_house = {kind for kind in EventPayload.__subclasses__() if kind.__module__.startswith("pingvas.")}
    names = [payload.event for payload in SERVER_EVENTS]

    assert of_the_house == set(SERVER_EVENTS)
    assert len(names) == len(set(names))
    assert [payload.__name__ for payload in SERVER_EVENTS if not payload.__doc__] == []


def test_a_payload_of_another_shape_is_refused_where_it_is_made() -> None:
    with pytest.raises(ValidationError):
        JobFailed(job_id=new_id(), code="timeout", message="Too late.", refunded_credits="many")
    with pytest.raises(ValidationError):
        JobQueued(job_id=new_id(), place=3)  # type: ignore[call-arg]


def test_an_image_in_an_event_has_the_fields_that_the_api_shows() -> None:
    published = json.loads((REPOSITORY / "web" / "openapi.json").read_text())
    shown = published["components"]["schemas"]["ImageOut"]["properties"]

    assert set(ImagePayload.model_fields) == set(shown)
