"""The published contract and what is generated from it stay fresh."""

import json

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
