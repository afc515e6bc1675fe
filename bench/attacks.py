"""How much slower is the studio for others while somebody attacks it?

One person's light load (an estimate, `GET /me`, a small upload, a sign-in, an event's answer over a socket) is measured idle and
then under each attack of `_attackers.py`; the ratio is under attack ÷ idle. Attackers run in processes of their own at the
lowest priority, from another address, but share the cores with the studio. Its worker is stopped meanwhile. `ATTACKS=a,b` chooses some, `SECONDS_EACH` how long.
"""

from __future__ import annotations

import asyncio
import io
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from uuid import uuid4

import aiohttp
import psutil
import socketio
from PIL import Image

from bench._attackers import ATTACKS
from bench._figures import conditions, percentile
from harness.running_studio import RunningStudio, running_studio

SECONDS_EACH = float(os.environ.get("SECONDS_EACH", "20"))
CHOSEN = os.environ.get("ATTACKS", ",".join(ATTACKS)).split(",")
# Who signs in again and again; somebody else does the rest, for of many devices of one person the oldest are signed out.
EMAIL, PASSWORD = "measured@example.com", "a long and quiet river"
LOGIN = {"email": EMAIL, "password": PASSWORD}
BODY = {"job_type": "txt2img", "model": "pingvas-mini", "prompt": "a red house at sunset"}
_WARM_UP_SECONDS = 3.0
_PAUSE = 0.1  # between two rounds: a light load
_LONGEST = 60.0  # an operation that takes longer counts as this

Took = dict[str, list[float]]


class Person:
    """The other person, whose answers are timed."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url
        self._headers = {"Authorization": f"Bearer {token}"}
        self._token = token
        file = io.BytesIO()
        Image.effect_noise((64, 64), 20).save(file, "PNG")
        self._picture = file.getvalue()
        self.failed = 0

    async def live(self, seconds: float) -> Took:
        """Do everything again and again for so long; seconds by name. What fails counts as the longest."""
        took: Took = {}
        timeout = aiohttp.ClientTimeout(total=_LONGEST)
        async with aiohttp.ClientSession(self._url, timeout=timeout, headers=self._headers) as http:
            socket = socketio.AsyncClient()
            try:
                until = time.monotonic() + seconds
                rounds = 0
                with suppress(OSError, TimeoutError, socketio.exceptions.SocketIOError):
                    await self._connect(socket)  # before the clock runs
                while time.monotonic() < until or rounds == 0:
                    await self._timed(took, "socket event", lambda: self._event(socket))
                    await self._timed(
                        took, "estimate", lambda: self._post(http, "/api/v1/jobs/estimate", json=BODY)
                    )
                    await self._timed(took, "GET /me", lambda: self._me(http))
                    if rounds % 5 == 0:  # within what one person may do
                        await self._timed(took, "upload", lambda: self._upload(http))
                        await self._timed(
                            took, "sign-in", lambda: self._post(http, "/api/v1/auth/login", json=LOGIN)
                        )
                    rounds += 1
                    await asyncio.sleep(_PAUSE)
            finally:
                await socket.disconnect()
        return took

    async def _timed(self, took: Took, name: str, act: Callable[[], Awaitable[None]]) -> None:
        began = time.perf_counter()
        try:
            async with asyncio.timeout(_LONGEST):
                await act()
            seconds = time.perf_counter() - began
        except (aiohttp.ClientError, OSError, TimeoutError, socketio.exceptions.SocketIOError):
            self.failed += 1
            seconds = _LONGEST
        took.setdefault(name, []).append(seconds)

    async def _event(self, socket: socketio.AsyncClient) -> None:
        if not socket.connected:
            await self._connect(socket)
        await socket.call("job:unsubscribe", {"job_id": str(uuid4())}, timeout=int(_LONGEST))

    async def _connect(self, socket: socketio.AsyncClient) -> None:
        await socket.connect(
            self._url, auth={"token": self._token}, socketio_path="/ws", transports=["websocket"]
        )

    async def _me(self, http: aiohttp.ClientSession) -> None:
        async with http.get("/api/v1/me") as answer:
            await answer.read()
            answer.raise_for_status()

    async def _post(self, http: aiohttp.ClientSession, path: str, *, json: object) -> None:
        async with http.post(path, json=json) as answer:
            await answer.read()
            answer.raise_for_status()

    async def _upload(self, http: aiohttp.ClientSession) -> None:
        form = aiohttp.FormData()
        form.add_field("file", self._picture, filename="small.png", content_type="image/png")
        async with http.post("/api/v1/images", data=form) as answer:
            await answer.read()
            answer.raise_for_status()


class Memory:
    """The most that the API's processes held, looked at ten times a second."""

    def __init__(self, studio: RunningStudio) -> None:
        self._port = int(studio.url.rsplit(":", 1)[1])
        self._processes = [
            process
            for process in psutil.Process(studio.process.pid).children(recursive=True)
            if any(at.laddr and at.laddr.port == self._port for at in process.net_connections("tcp"))
        ]
        if not self._processes:
            raise RuntimeError("no process of the studio listens on its port")
        self.peak = 0

    @contextmanager
    def watched(self) -> Iterator[None]:
        self.peak, over = 0, threading.Event()

        def watch() -> None:
            while not over.wait(0.1):
                alive = [process for process in self._processes if process.is_running()]
                self.peak = max(self.peak, sum(process.memory_info().rss for process in alive))

        thread = threading.Thread(target=watch, daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()


def stop_worker(studio: RunningStudio) -> None:
    """No pictures are made: what they take of the same cores is no part of what is measured. An attacker's jobs stay in line."""
    workers = [
        process
        for process in psutil.Process(studio.process.pid).children(recursive=True)
        if process.cmdline()[-1:] == ["worker"]
    ]
    if len(workers) != 1:
        raise RuntimeError(f"{len(workers)} workers run")
    workers[0].suspend()


@contextmanager
def attack(name: str, url: str, token: str) -> Iterator[None]:
    """The attack goes on while the block lasts."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bench._attackers", name, url],
        env={**os.environ, "ATTACKER_TOKEN": token},
    )
    try:
        time.sleep(_WARM_UP_SECONDS)
        if process.poll() is not None:
            raise RuntimeError(f"the attack {name} ended by itself")
        yield
    finally:
        process.kill()
        process.wait()


def _row(name: str, took: Took, idle: Took, peak: int, failed: int) -> str:
    cells = [name]
    for kind, calm in idle.items():
        seen = took[kind]
        median = statistics.median(seen) / statistics.median(calm)
        cells.append(f"{median:.1f} / {percentile(seen, 0.99) / percentile(calm, 0.99):.1f}")
    return f"| {' | '.join([*cells, str(failed), f'{peak / 2**20:.0f} MiB'])} |"


def main() -> None:
    """Print the table."""
    unknown = set(CHOSEN) - set(ATTACKS)
    if unknown:
        sys.exit(f"There is no attack {', '.join(sorted(unknown))}; there are {', '.join(ATTACKS)}.")
    print(f"\n## How much slower is it for others under attack?\n{conditions()}")
    print(f"p50 / p99 under attack ÷ idle; {SECONDS_EACH:.0f} s each; attackers on the same cores, nice 19\n")
    with tempfile.TemporaryDirectory() as folder, running_studio(Path(folder) / "data") as studio:
        studio.sign_up(EMAIL, PASSWORD).close()
        with closing(studio.sign_up("reader@example.com")) as client:
            person = Person(studio.url, str(client.headers["Authorization"]).removeprefix("Bearer "))
        memory = Memory(studio)
        stop_worker(studio)
        asyncio.run(person.live(2))  # what is done for the first time is slower
        with memory.watched():
            idle = asyncio.run(person.live(SECONDS_EACH))
        if person.failed:
            sys.exit(f"{person.failed} calls failed without any attack")
        print(f"| attack | {' | '.join(idle)} | failed | API's memory |")
        print("|---" * (len(idle) + 3) + "|")
        calm = [
            f"{statistics.median(seen) * 1e3:.0f} / {percentile(seen, 0.99) * 1e3:.0f} ms"
            for seen in idle.values()
        ]
        print(f"| idle | {' | '.join(calm)} | 0 | {memory.peak / 2**20:.0f} MiB |")
        for number, name in enumerate(CHOSEN):
            with closing(studio.sign_up(f"attacker{number}@example.com")) as client:
                token = str(client.headers["Authorization"]).removeprefix("Bearer ")
            person.failed = 0
            with memory.watched(), attack(name, studio.url, token):
                took = asyncio.run(person.live(SECONDS_EACH))
            print(_row(name, took, idle, memory.peak, person.failed), flush=True)


if __name__ == "__main__":
    main()
