"""Prints the OpenAPI document: `python -m pingvas.api.openapi > web/openapi.json`."""

import json
import sys
from typing import Any

from pingvas.api.app import create_app
from pingvas.base.settings import Settings


def openapi_document() -> dict[str, Any]:
    """The published form of the contract. Opens nothing: the settings only have to look complete."""
    settings = Settings(database_url="postgresql://localhost/none", secret_key="x" * 32)
    return create_app(settings).openapi()


if __name__ == "__main__":
    json.dump(openapi_document(), sys.stdout, indent=1, ensure_ascii=False)
    sys.stdout.write("\n")
