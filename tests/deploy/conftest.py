"""The chart as Helm renders it, and compose.yaml as it stands."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml

from pingvas.base.settings import REPOSITORY

KEY = "a key of thirty-two letters or more"
FILE_URL_KEY = "0123456789abcdef" * 4
SECRET = {
    "databaseUrl": "postgresql://pingvas:secret@db.example.org/pingvas?sslmode=require",
    "storageUrl": "s3://pictures/studio?region=eu-central-1",
    "secretKey": KEY,
    "fileUrlKey": FILE_URL_KEY,
}


@dataclass(frozen=True)
class Rendered:
    """What Helm makes of some values: every object, or the `error` for which it makes nothing."""

    objects: list[dict[str, Any]]
    notes: str
    lint: list[dict[str, Any]]
    error: str | None

    def get(self, kind: str, component: str | None = None) -> dict[str, Any]:
        """The one object of a kind, or of a kind and component."""
        (found,) = self.all(kind, component)
        return found

    def all(self, kind: str, component: str | None = None) -> list[dict[str, Any]]:
        of_kind = [each for each in self.objects if each["kind"] == kind]
        name = "app.kubernetes.io/component"
        return [each for each in of_kind if component in (None, each["metadata"]["labels"][name])]

    def container(self, component: str) -> dict[str, Any]:
        """The container of a component's pods."""
        kind = "Job" if component == "migrate" else "Deployment"
        (container,) = self.get(kind, component)["spec"]["template"]["spec"]["containers"]
        return dict(container)


@pytest.fixture(scope="session")
def render_chart() -> Callable[..., Rendered]:
    """Renders the chart with some values besides the secret ones (`secret={}` leaves those out)."""
    if find_spec("helm_python") is None:
        pytest.skip("helm-python-sdk has no wheel for this machine, so there is no Helm to render with")

    def render(**values: Any) -> Rendered:
        return _render(json.dumps({"secret": SECRET} | values))

    return render


@cache
def _render(values: str) -> Rendered:
    script = Path(__file__).with_name("render_chart.py")
    done = subprocess.run(
        [sys.executable, script], input=values, stdout=subprocess.PIPE, text=True, check=True
    )
    said = json.loads(done.stdout)
    if "error" in said:
        return Rendered([], "", [], said["error"])
    texts = dict(said["manifests"])
    (notes,) = [texts.pop(name) for name in list(texts) if name.endswith("NOTES.txt")]
    objects = [each for text in texts.values() for each in yaml.safe_load_all(text) if each is not None]
    return Rendered(objects, notes, said["lint"], None)


@pytest.fixture(scope="session")
def compose() -> dict[str, Any]:
    """compose.yaml with its anchors and merge keys resolved, its variables not."""
    return read_compose("compose.yaml")


def read_compose(path: str) -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((REPOSITORY / path).read_text())
    return read
