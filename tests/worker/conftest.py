from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from harness.toy_models import make_toy_model
from pingvas.base.db import Database
from tests.worker.studio import Studio, open_studio


@pytest.fixture(scope="session")
def toy_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.set_num_threads(1)  # several test processes share the cores
    return make_toy_model(tmp_path_factory.mktemp("models") / "toy")


@pytest.fixture
async def studio(make_settings: Any, database: Database, database_url: str, toy_model: Path) -> Studio:
    """A studio whose leases are short and whose workers report often."""
    settings = make_settings(
        database_url=database_url,
        worker_device="cpu",
        lease_seconds=2.0,
        worker_poll_seconds=0.1,
        progress_interval_seconds=0.05,
        preview_every_steps=2,
    )
    return await open_studio(settings, database, toy_model)
