"""Renders the chart in a process of its own: the library that brings Helm brings Go's runtime and signal handlers too.

Standard input: values as JSON. Standard output: what Helm says of them as JSON, `lint` (its messages), `manifests` (by
template) or `error`.
"""

import json
import sys
from pathlib import Path
from typing import Any

import helm_python as helm

CHART = Path(__file__).resolve().parents[2] / "deploy" / "helm" / "pingvas-studio"


def render(values: dict[str, Any]) -> dict[str, Any]:
    """As `helm lint --strict` and `helm template studio … --namespace pictures` do it."""
    try:
        with helm.Chart.load(CHART) as chart:
            chart.validate_schema(values)
            manifests = chart.render(values, name="studio", namespace="pictures")
    except helm.HelmError as error:
        return {"error": str(error)}
    return {"lint": helm.lint(CHART, values, strict=True)["messages"], "manifests": manifests}


if __name__ == "__main__":
    json.dump(render(json.load(sys.stdin)), sys.stdout)
