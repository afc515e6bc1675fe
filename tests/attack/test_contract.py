"""What the OpenAPI document says is so: requests are made from it, good ones and bad ones, and every answer is held against it.

The requests are the same in every run. A good request may be refused for what the studio holds at that moment; a refusal
for anything else needs its reason in the lists here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from schemathesis.checks import CheckContext, not_a_server_error
from schemathesis.core.transport import Response
from schemathesis.generation.hypothesis.builder import HypothesisTestConfig, HypothesisTestMode, create_test
from schemathesis.generation.meta import TestPhase as Phase
from schemathesis.python import asgi
from schemathesis.specs.openapi import checks
from sqlalchemy import text

from harness.catalog import make_model, make_parts
from pingvas.accounts.actor import Actor
from pingvas.api.app import create_app
from pingvas.base import budget_figures
from pingvas.base.db import Database
from pingvas.base.settings import REPOSITORY, Settings
from pingvas.gallery.saved_searches.searches import save_search
from tests.make.accounts import PASSWORD, fresh_email
from tests.make.gallery import make_collection, make_image
from tests.make.queue import make_worker

PUBLISHED = json.loads((REPOSITORY / "web" / "openapi.json").read_text())
TAGS = sorted({tag for each in PUBLISHED["paths"].values() for one in each.values() for tag in one["tags"]})

# A part of an upload is bytes, by another name.
schemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")

CONFIG = schemathesis.Config.from_dict(
    {
        "seed": 1,
        "generation": {
            "deterministic": True,
            "max-examples": 15,
            "no-shrink": True,
            "with-security-parameters": False,  # who asks is said below
            "allow-x00": False,  # no text of the API has it, which a schema could only say of each text by itself
        },
        "checks": {
            "positive_data_acceptance": {"expected-statuses": ["2xx", "302"]},
            "negative_data_rejection": {
                "expected-statuses": ["401", "402", "404", "409", "412", "413", "415", "422"]
            },
        },
    }
)
# The same body as of `submit_jobs`; and there, of what is tried field by field in four shapes, every third.
WITHOUT_COVERAGE = {"estimate_jobs"}
EVERY_THIRD = {"submit_jobs"}

# What somebody does who is not signed in.
STRANGERS = {
    "register",
    "login",
    "sign_in_once",
    "refresh_tokens",
    "verify_email",
    "forgot_password",
    "reset_password",
    "confirm_email",
    "ask_for_passkey",
    "login_with_passkey",
    "login_with_code",
    "list_providers",
    "sign_in_with_provider",
    "come_back_from_provider",
}

# What a good request is refused for because of what is there: stable codes.
OF_THE_STATE = {
    "task_under_way",
    "not_found",
    "conflict",
    "insufficient_credits",
    "unauthorized",
    "invalid_token",
    "invalid_credentials",
    "email_exists",
    "already_proven",
    "handle_taken",
    "image_hidden",
    "image_not_public",
    "last_admin",
    "last_way_in",
    "challenge_over",
    "passkey_refused",
    "wrong_code",
    "second_factor_exists",
    "no_second_factor",
    "idempotency_conflict",
    "code_exists",
    "code_unknown",
    "code_over",
    "code_used",
    "not_sold",
    "already_subscribed",
    "nothing_sold",
    "cannot_change_now",
    "still_there",
    "order_outdated",
    "too_many_searches",
    "precondition_failed",  # a version of a protocol, which may be left out
    "offset_mismatch",
    "storage_exceeded",
    "unsupported_media_type",  # bytes of a file that are no picture
}
# What no schema can say, by what is told of the request or of each of its bad fields.
BEYOND_A_SCHEMA = {
    "This file is too large": "a setting",
    "The metadata of this upload": "pairs of a name and base64 in a header",
    "There is no model named": "names are rows of the catalog",
    "There are no models of these names": "the same",
    "names a collection that is not there": "collections are rows",
    "names an image that is not": "images are rows, and in a collection or not",
    "give either ids or a filter": "one of two fields",
    "There is no image to put": "images are rows",
    "An archive has": "the same, counted",
    "name of a time zone": "a list of names",
    "is moved itself": "an id compared with a list of others",
    "names what cannot be used": "parts and images are rows, and fit each other or do not",
    "is no upscaler": "the same",
    "makes no pictures by itself": "the same",
    "something this model cannot do": "limits of a model",
    "refining model cannot do": "the same",
    "The picture would have": "the size of a source",
    "This needs about": "the memory of the workers that live",
    "The prompt asks for something": "the language of prompts",
    "more than once": "names compared in a list of objects",
    "must not be before start": "two numbers compared",
    "would end before it begins": "two moments compared, one of which may be now",
    "days or more before": "two days compared",
    "lies too far ahead": "a day compared with today",
    "is none of the p": "plans and packs are rows",
    "no such plan to agree on": "the same",
    "has to lie in the future": "a moment compared with now",
    "must not come after `to`": "the same",
    "is not in the future": "a moment compared with now",
    "later than now": "a moment compared with now",
    "preferences are not valid": "a merge patch of what is there",
    "are no addresses": "addresses and networks, as a standard library reads them",
    "without the NUL character": "which no text of the API has, as above",
    "is not of this list": "a cursor is signed",
    "words and phrases": "words are counted as they are read",
    "that anybody would try": "a list of common passwords",
    "special-use or reserved name": "domains that nobody can have",
    "nobody sees": "categories of Unicode",
    "something to see": "the same",
    "must have 1 to 64 characters": "a tag is counted in the form that is kept",
    "must have 1 to 500 characters": "the same: what nobody sees of a text is taken away before it is counted",
    "can be seen": "the same",
    "http or https address": "the same",
    "Maximum number of fields": "fields of a form that nobody reads",
}


@dataclass
class Studio:
    """A studio and a person of it, with a few things of theirs."""

    client: requests.Session
    person: dict[str, Any]
    image: str
    collection: str
    search: str
    turns: int = 0
    seen: set[tuple[str, int]] = field(default_factory=set)

    def headers_for(self, operation: str) -> dict[str, str]:
        """Strangers sign in; who signs out or leaves is somebody new each time."""
        if operation in ("logout", "delete_me"):
            return _bearer(_sign_up(self.client))
        return {} if operation in STRANGERS else _bearer(self.person)


def _sign_up(client: requests.Session) -> dict[str, Any]:
    body = {"email": fresh_email(), "password": PASSWORD, "display_name": "Somebody"}
    told: dict[str, Any] = client.post("/api/v1/auth/register", json=body).json()
    return told


def _bearer(person: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {person['access_token']}"}


@pytest.fixture
async def stock(plans: None, database: Database) -> None:
    """Models, a worker that lives for the whole test, and plans that have no end."""
    async with database.transaction() as session:
        await make_model(session)
        await make_parts(session)
        await make_worker(session, "a worker", "toy")
        await session.execute(text("UPDATE workers SET heartbeat_at = now() + interval '1 hour'"))
        endless = "max_open_jobs = 1000000, storage_bytes = 1::bigint << 50"
        await session.execute(text(f"UPDATE subscription_plans SET {endless}"))


@pytest.fixture
def api(settings: Settings, stock: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The app, with budgets that nobody uses up; its lifespan is run by the client of schemathesis."""
    for name, figure in budget_figures.FIGURES.items():
        if isinstance(figure, budget_figures.Rate):
            monkeypatch.setitem(budget_figures.FIGURES, name, replace(figure, at_once=1e9))
    # Nobody sells: what a seller takes part in is tried with one, in tests/api/test_buying.py.
    ours = {"signup_bonus_credits": 1_000_000_000, "billing_provider": "none"}
    yield create_app(settings.model_copy(update=ours))
    asgi.shutdown_lifespans()


@pytest.fixture
def person(api: Any) -> Iterator[tuple[requests.Session, dict[str, Any]]]:
    with asgi.get_client(api) as client:
        yield client, _sign_up(client)


@pytest.fixture
async def studio(database: Database, person: tuple[requests.Session, dict[str, Any]]) -> Studio:
    client, somebody = person
    async with database.transaction() as session:
        user_id = UUID(somebody["user"]["id"])
        image = await make_image(session, user_id)
        collection = await make_collection(session, user_id, image)
        search = await save_search(session, Actor(user_id, "user", None), "Sea", {"q": "sea"})
        # An admin, so that what admins do is tried too.
        await session.execute(text("UPDATE users SET role = 'admin' WHERE id = :id"), {"id": user_id})
    return Studio(client, somebody, str(image.id), str(collection.id), str(search.id))


def _is_beyond_a_schema(told: str) -> bool:
    return any(phrase in told for phrase in BEYOND_A_SCHEMA)


REFUSED = (401, 402, 404, 409, 412, 413, 415, 422)


def _accepted_or_excused(ctx: CheckContext, response: Response, case: schemathesis.Case[Any]) -> bool | None:
    """A good request is taken, or told a reason that has nothing to do with its form."""
    assert case.meta is not None
    if case.meta.generation.mode.is_positive and response.status_code in REFUSED:
        problem = response.json()
        if problem["code"] in OF_THE_STATE or _is_beyond_a_schema(problem["detail"]):
            return None
        told = [error["msg"] for error in problem.get("errors", ())]
        if told and all(map(_is_beyond_a_schema, told)):
            return None
    return checks.positive_data_acceptance(ctx, response, case)


def _rejected_or_passed_over(
    ctx: CheckContext, response: Response, case: schemathesis.Case[Any]
) -> bool | None:
    """A bad request is refused. A header that nobody knows makes none: clients and proxies add what they like."""
    if "x-schemathesis-unknown-property" in (case.headers or {}):
        return None
    return checks.negative_data_rejection(ctx, response, case)


CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    _rejected_or_passed_over,
    checks.unsupported_method,
    _accepted_or_excused,
]


@pytest.mark.parametrize("tag", TAGS)
def test_every_answer_is_as_the_document_says(tag: str, api: Any, studio: Studio) -> None:
    # given the operations that the document has of one kind
    document = schemathesis.openapi.from_dict(api.openapi(), config=CONFIG)
    operations: list[Any] = [found.ok() for found in document.get_all_operations()]  # type: ignore[union-attr] # it is valid
    failures: list[str] = []

    # when everything that follows from it is asked for
    for operation in operations:
        name = str(operation.definition.raw["operationId"])
        if tag not in operation.definition.raw["tags"]:
            continue
        try:
            _try_all(operation, name, api, studio)
        except Exception as error:  # noqa: BLE001 - every operation is tried, and what fails is told below
            failures.append(
                f"{operation.label}\n{error}\n" + "\n".join(map(str, getattr(error, "exceptions", ())))
            )

    # then nothing is answered otherwise, and each can be had
    assert not failures, "\n\n".join(failures)


def _try_all(operation: Any, name: str, api: Any, studio: Studio) -> None:
    def ask(case: schemathesis.Case[Any]) -> None:
        assert case.meta is not None
        studio.turns += 1
        if name in EVERY_THIRD and studio.turns % 3 and case.meta.phase.name is Phase.COVERAGE:
            return
        if case.meta.generation.mode.is_positive and studio.turns % 2:
            _name_what_is_there(case, studio)
        headers = studio.headers_for(name)
        response = case.call(session=studio.client, headers=headers, app=api)
        studio.seen.add((name, response.status_code))
        case.validate_response(response, checks=CHECKS, headers=headers)

    modes = [HypothesisTestMode.FUZZING, HypothesisTestMode.EXAMPLES]
    if name not in WITHOUT_COVERAGE:
        modes.append(HypothesisTestMode.COVERAGE)
    project = operation.schema.config
    config = HypothesisTestConfig(
        project=project, modes=modes, settings=project.get_hypothesis_settings(operation=operation), seed=1
    )
    create_test(operation=operation, test_func=_of_its_own(ask), config=config)()


def _of_its_own(ask: Any) -> Any:
    """A function for hypothesis with the settings of these tests."""
    return hypothesis_settings(deadline=None, suppress_health_check=list(HealthCheck))(ask)


def _name_what_is_there(case: schemathesis.Case[Any], studio: Studio) -> None:
    """Put what the studio holds in the place of made-up names, so that the request can be done."""
    known = {
        "image_id": studio.image,
        "collection_id": studio.collection,
        "search_id": studio.search,
        "name": "toy",
    }
    case.path_parameters = {
        name: known.get(name, value) for name, value in (case.path_parameters or {}).items()
    }
    if "cursor" in (case.query or {}):
        case.query = {name: value for name, value in case.query.items() if name != "cursor"}
    if isinstance(case.body, dict) and "job_type" in case.body:
        parts = ("loras", "controlnet", "vae", "mask_image", "width", "height", "steps", "guidance", "refine")
        kept = {name: value for name, value in case.body.items() if name not in parts}
        if "source_image" in kept:
            kept["source_image"] = studio.image
        case.body = kept | {"model": "four" if kept["job_type"] == "upscale" else "toy"}
