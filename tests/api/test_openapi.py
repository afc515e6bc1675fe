"""The published contract and what is generated from it stay fresh."""

import json
from collections.abc import Iterator
from typing import Any

import openapi_spec_validator

from pingvas.api.openapi import openapi_document
from pingvas.base.settings import REPOSITORY


def test_the_page_was_built_from_this_contract() -> None:
    """Otherwise: `python -m pingvas.api.openapi > web/openapi.json && (cd web && npm run generate)`."""
    published = json.loads((REPOSITORY / "web" / "openapi.json").read_text())

    assert published == json.loads(json.dumps(openapi_document()))


def test_the_document_is_valid_openapi() -> None:
    openapi_spec_validator.validate(openapi_document())


def test_every_operation_has_a_name_of_its_own_and_says_what_it_does() -> None:
    operations = [
        operation for methods in openapi_document()["paths"].values() for operation in methods.values()
    ]
    names = [operation["operationId"] for operation in operations]

    assert len(names) == len(set(names))
    assert [name for name in names if "__" in name or name.endswith(("_get", "_post"))] == []
    assert [operation["operationId"] for operation in operations if not operation.get("description")] == []


def operations() -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in openapi_document()["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def test_every_error_is_documented_as_a_problem() -> None:
    # given the answers that are errors; `/readyz` says by itself what is not ready
    refused = {
        (name, status): answer
        for name, operation in operations()
        for status, answer in operation["responses"].items()
        if status >= "400" and (name, status) != ("GET /readyz", "503")
    }

    # then each is of one kind and schema, and says which codes it has
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    assert {name: answer["content"] for name, answer in refused.items() if answer["content"] != problem} == {}
    assert [name for name, answer in refused.items() if "`" not in answer["description"]] == []
    assert [
        name
        for (name, status), answer in refused.items()
        if (status in ("429", "503")) != ("Retry-After" in answer.get("headers", {}))
    ] == []


def test_what_a_route_asks_for_says_what_it_refuses() -> None:
    statuses = {name: set(operation["responses"]) for name, operation in operations()}

    assert {name for name, told in statuses.items() if "default" in told} == set()
    for name, operation in operations():
        told = statuses[name]
        assert {"422", "500"} <= told, name
        assert ("security" in operation) <= ({"401", "403"} <= told), name
        assert ("{" in name) <= ("404" in told), name
        assert ("requestBody" in operation) <= ({"408", "413", "429", "503"} <= told), name
    assert {"402", "403", "409", "429"} <= statuses["POST /api/v1/jobs"]
    assert "415" in statuses["POST /api/v1/images"]
    assert "409" in statuses["POST /api/v1/auth/register"]
    assert "401" not in statuses["GET /api/v1/plans"]


def test_whole_limits_are_whole_numbers() -> None:
    seed = openapi_document()["components"]["schemas"]["TextToImage"]["properties"]["seed"]["anyOf"][0]

    assert json.dumps(seed) == json.dumps({"type": "integer", "exclusiveMaximum": 2**63, "minimum": 0})
