"""A network for tests that need more than one host; they are skipped where nobody may make one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.hosts.network import Network, NoNamespaces, running_network


@pytest.fixture
def network() -> Iterator[Network]:
    try:
        with running_network() as network:
            yield network
    except NoNamespaces as reason:
        pytest.skip(f"no networks can be made here: {reason}")
