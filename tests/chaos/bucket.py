"""A bucket over real HTTP (moto's) that a test can break: for a while every request is answered 503.

`python -m tests.chaos.bucket ADDRESS PORT NAME` serves one in a process of its own, until that is ended.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import BaseWSGIServer, make_server
from werkzeug.test import Client

Start = Callable[..., Any]

SLOW_DOWN = b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"


class Bucket:
    """One bucket at `url`. `refused` counts the requests that were answered 503."""

    def __init__(self, address: str, port: int, name: str) -> None:
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self.is_failing = False
        self.refused = 0
        self._objects = DomainDispatcherApplication(create_backend_app)
        made = Client(self._objects).put(f"/{name}", base_url="http://127.0.0.1")
        assert made.status_code == 200, made.text
        self._server: BaseWSGIServer = make_server(address, port, self._answer, threaded=True)
        self._name = name

    @property
    def url(self) -> str:
        """As PINGVAS_STORAGE_URL."""
        return storage_url(self._server.host, self._server.port, self._name)

    def serve(self) -> None:
        """Answer until `stop`."""
        self._server.serve_forever()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _answer(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        if not self.is_failing:
            answer: Iterable[bytes] = self._objects(environ, start)
            return answer
        self.refused += 1
        environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        start("503 Slow Down", [("Content-Type", "application/xml"), ("Content-Length", str(len(SLOW_DOWN)))])
        return [SLOW_DOWN]


def storage_url(address: str, port: int, name: str) -> str:
    """The bucket's address with keys in it; moto checks none."""
    return f"s3://{name}?endpoint=http://{address}:{port}&region=us-east-1&access_key_id=key&secret_access_key=secret"


@contextmanager
def running_bucket() -> Iterator[Bucket]:
    """A bucket on a free port of 127.0.0.1, answered by threads of this process."""
    bucket = Bucket("127.0.0.1", 0, "pictures")
    thread = threading.Thread(target=bucket.serve, name="bucket", daemon=True)
    thread.start()
    try:
        yield bucket
    finally:
        bucket.stop()
        thread.join(10)


if __name__ == "__main__":
    alone = Bucket(sys.argv[1], int(sys.argv[2]), sys.argv[3])
    print("serving", flush=True)  # noqa: T201
    alone.serve()
