"""Storage of both kinds. S3 is moto's server over real HTTP; it stores and lists like S3, but checks no signatures."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from pingvas.adapters.storage import Storage, open_storage


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    """The address of an S3 server of this run."""
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3_url(s3_endpoint: str) -> str:
    """A fresh bucket, with keys in the URL."""
    bucket = f"pictures-{uuid4().hex[:12]}"
    assert httpx.put(f"{s3_endpoint}/{bucket}").status_code == 200
    return (
        f"s3://{bucket}/studio/one?endpoint={s3_endpoint}&region=us-east-1"
        "&access_key_id=key&secret_access_key=se+cret/key"
    )


@pytest.fixture
def disk(make_settings: Any, tmp_path: Path) -> Storage:
    """Storage in a folder of this test."""
    return open_storage(make_settings(storage_url=(tmp_path / "pictures").as_uri()))


@pytest.fixture(params=["disk", "s3"])
def storage(request: pytest.FixtureRequest, make_settings: Any) -> Storage:
    """Each kind in turn: what is promised of storage is promised of both."""
    if request.param == "s3":
        return open_storage(make_settings(storage_url=request.getfixturevalue("s3_url")))
    disk: Storage = request.getfixturevalue("disk")
    return disk
