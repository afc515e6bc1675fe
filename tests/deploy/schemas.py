"""Whether an object is one that Kubernetes and KEDA would take, by the schemas that packages carry."""

from __future__ import annotations

from functools import cache
from typing import Any

import cloudcoil.models.keda.v1alpha1 as keda
import kubernetes_validate
from jsonschema import Draft202012Validator

# Of the Prometheus operator's kinds no package here carries the schemas.
WITHOUT_SCHEMA = {"ServiceMonitor", "PodMonitor"}


def problems_of(resource: dict[str, Any], kubernetes: str) -> list[str]:
    """What is wrong with an object for a version of Kubernetes such as `1.37`; unknown fields are wrong."""
    if resource["apiVersion"].startswith("keda.sh/"):
        found = sorted(_keda_validator(resource["kind"]).iter_errors(resource), key=str)
        return [f"{error.json_path}: {error.message}" for error in found]
    try:
        kubernetes_validate.validate(resource, kubernetes, strict=True)
    except kubernetes_validate.ValidationError as error:
        return [f"{list(error.path)}: {error.message}"]
    return []


@cache
def _keda_validator(kind: str) -> Draft202012Validator:
    schema = getattr(keda, kind).model_json_schema(by_alias=True)
    return Draft202012Validator(_closed(schema))


def _closed(schema: Any) -> Any:
    """The schema with no fields allowed but those it names, as the API server has it with strict validation."""
    if isinstance(schema, list):
        return [_closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {name: _closed(value) for name, value in schema.items()}
    if closed.get("type") == "object" and "properties" in closed:
        closed.setdefault("additionalProperties", False)
    return closed
