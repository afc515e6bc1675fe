"""A database host that is gone without a word, as when its cable is pulled: who waits for its answer is told so, and
finds it again when it is back."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.hosts.network import Network, running_on

pytestmark = pytest.mark.slow


def test_a_statement_that_waits_for_a_silent_host_ends_as_unavailable(
    network: Network, tmp_path: Path
) -> None:
    # given a database on one host, and on another somebody who waits for an answer
    there, here = network.add_host("database"), network.add_host("reader")
    (tmp_path / "data").mkdir()
    server = ("tests.hosts.database_server", str(tmp_path / "data"), there.address, str(tmp_path))
    with running_on(there, tmp_path / "database.log", *server) as database:
        reader = ("tests.hosts.patient_reader", database("://"))
        with running_on(here, tmp_path / "reader.log", *reader) as said:
            assert said("asking")

            # when the database's cable is pulled, and later put back
            network.cut(there)
            assert said("unavailable")
            network.mend(there)

            # then
            assert said("answered again")
