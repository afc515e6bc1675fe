"""Reads the small JSON files of model folders: configurations and indexes. What is too large or damaged is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pingvas.engine.errors import ModelLoadFailed

MAX_CONFIG_BYTES = 4 * 1024 * 1024


def read_json(path: Path) -> dict[str, Any]:
    """A small JSON object. Raises ModelLoadFailed."""
    try:
        if path.stat().st_size > MAX_CONFIG_BYTES:
            raise ModelLoadFailed(f"{path.parent.name}/{path.name} is too large to be a configuration.")
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ModelLoadFailed(f"{path.parent.name}/{path.name} cannot be read.") from error
    if not isinstance(found, dict):
        raise ModelLoadFailed(f"{path.parent.name}/{path.name} is not a configuration.")
    return found
