"""A whole studio in processes of its own, started as a person starts it: `pingvas up` on a fresh data folder."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parents[1]
_LINK = re.compile(r"(http://\S+)/sign-in/link#token=(\S+)")
_UP = (sys.executable, "-m", "pingvas.cli", "up")
_addresses = count(1)
_PATIENCE_SECONDS = 180  # generous: a busy machine is not a broken studio


@dataclass
class RunningStudio:
    """Where it listens, where its data is, and what it has printed so far."""

    url: str
    data_dir: Path
    process: subprocess.Popen[str]
    sign_in_token: str = ""
    lines: list[str] = field(default_factory=list)

    def sign_in(self, token: str | None = None) -> httpx.Client:
        """A client signed in as the owner, with the token of the printed one-time link or another."""
        client = httpx.Client(base_url=self.url, timeout=60)
        answer = client.post("/api/v1/auth/one-time", json={"token": token or self.sign_in_token})
        assert answer.status_code == 200, answer.text
        client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        return client

    def sign_in_by_a_new_link(self) -> httpx.Client:
        """A client signed in as the owner, who leaves the printed link to others."""
        environment = os.environ | {"PINGVAS_DATA_DIR": str(self.data_dir)}
        command = (sys.executable, "-m", "pingvas.cli", "link")
        made = subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True)
        found = _LINK.search(made.stdout)
        assert found is not None, made.stdout
        return self.sign_in(found.group(2))

    def sign_up(self, email: str, password: str = "a long and quiet river") -> httpx.Client:
        """A client of a new person."""
        client = httpx.Client(base_url=self.url, timeout=60)
        body = {"email": email, "password": password, "display_name": "Somebody"}
        answer = client.post("/api/v1/auth/register", json=body, headers=an_address_of_ones_own())
        assert answer.status_code == 201, answer.text
        client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        return client


def an_address_of_ones_own() -> dict[str, str]:
    """The header by which this machine, as a proxy would, names another client each time. Of many accounts made at one
    address only the first start with the bonus, and only so many may be made in a time."""
    number = next(_addresses)
    return {"X-Forwarded-For": f"198.18.{number // 250}.{number % 250 + 1}"}


def free_port() -> int:
    """A port that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running_studio(
    data_dir: Path,
    *,
    command: Sequence[str] = _UP,
    while_starting: Callable[[RunningStudio], None] = lambda studio: None,
    **settings: object,
) -> Iterator[RunningStudio]:
    """Start a studio, wait until it says that it is ready, and stop it with Ctrl-C afterwards.

    `while_starting` is called once its process is there. `settings` are PINGVAS_* settings by their field names.
    """
    port = free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PINGVAS_")}
    # Tests and benchmarks ask more in a minute than people may.
    chosen = {"rate_limits": "off", **settings}
    environment |= {f"PINGVAS_{name.upper()}": str(value) for name, value in chosen.items()}
    environment |= {"PINGVAS_DATA_DIR": str(data_dir), "PINGVAS_PORT": str(port)}
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    studio = RunningStudio(f"http://127.0.0.1:{port}", data_dir, process)
    reader = threading.Thread(target=_read, args=(studio,), daemon=True)
    reader.start()
    try:
        while_starting(studio)
        _wait_until_ready(studio)
        yield studio
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        try:
            process.wait(_PATIENCE_SECONDS)
        finally:
            process.kill()
            reader.join(5)
            if process.stdout is not None:
                process.stdout.close()


def wait_for(condition: Callable[[], bool], what: str, seconds: float = _PATIENCE_SECONDS) -> None:
    """Wait until `condition()` is true. Raises TimeoutError, naming what was waited for."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {seconds:.0f} s for {what}")
        time.sleep(0.1)


def _read(studio: RunningStudio) -> None:
    assert studio.process.stdout is not None
    for line in studio.process.stdout:
        studio.lines.append(line.rstrip())
        found = _LINK.search(line)
        if found is not None:
            studio.sign_in_token = found.group(2)


def _wait_until_ready(studio: RunningStudio) -> None:
    def ready() -> bool:
        if studio.process.poll() is not None:
            raise RuntimeError("the studio ended while starting:\n" + "\n".join(studio.lines))
        return bool(studio.sign_in_token)

    wait_for(ready, "the studio to be ready; it said:\n" + "\n".join(studio.lines))
