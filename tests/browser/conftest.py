"""One running studio for the browser tests, with the model that ships and a real worker."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.running_studio import RunningStudio, running_studio


@pytest.fixture(scope="package")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStudio]:
    """A studio with its own data folder, started once for all browser tests and stopped behind them."""
    folder: Path = tmp_path_factory.mktemp("studio")
    with running_studio(folder / "data") as running:
        yield running
