"""One studio for all the trouble; it has to come out of each as it went in."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.chaos.studio_under_fire import StudioUnderFire, studio_under_fire


@pytest.fixture(scope="package")
def the_studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StudioUnderFire]:
    with studio_under_fire(tmp_path_factory.mktemp("fire")) as studio:
        yield studio


@pytest.fixture
def studio(the_studio: StudioUnderFire) -> Iterator[StudioUnderFire]:
    """The studio, from which nothing has ended by itself, before and after."""
    yield the_studio
    assert the_studio.ended_by_themselves() == []
