"""A studio of many machines: database, storage, API with chores, and workers, each on a host of its own."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import httpx
from sqlalchemy.engine import URL, make_url

from harness.catalog import CONFIG
from harness.running_studio import ROOT, wait_for
from harness.toy_models import CONFIG as ENGINE_CONFIG
from harness.toy_models import make_toy_model
from pingvas.launch.end_with_parent import end_with_parent
from tests.chaos.bucket import storage_url
from tests.chaos.studio_under_fire import ask, end_processes, pingvas, studio_environment
from tests.hosts.network import Host, Network

API_PORT = 8400
BUCKET_PORT = 9000
MODEL = "toy"


@dataclass(frozen=True)
class WorkerHost:
    """A worker, what it has said so far, and the folder that is all it has."""

    host: Host
    process: subprocess.Popen[bytes]
    folder: Path

    def said(self) -> str:
        return (self.folder.parent / f"{self.host.name}.log").read_text(errors="replace")


class StudioOfHosts:
    """Started by `studio_of_hosts`; `client` and `ask` reach in from the test, which is on none of the hosts."""

    def __init__(self, network: Network, folder: Path, doors: Path, lease_seconds: float) -> None:
        self.network = network
        self.folder = folder
        self._doors = doors
        self._lease_seconds = lease_seconds
        self._processes: list[subprocess.Popen[bytes]] = []
        self._database_url = ""
        self._storage_url = ""

    def start(self) -> None:
        """Everything but the workers, with one model, kept in the studio's storage."""
        self._start_database(self.network.add_host("database"))
        self._start_bucket(self.network.add_host("storage"))
        api = self.network.add_host("api")
        (self.folder / "none").mkdir()
        settings: dict[str, object] = {"data_dir": self.folder / "api", "models_dir": self.folder / "none"}
        settings |= {"host": api.address, "port": API_PORT}
        self._run(api, settings, "migrate")
        model = make_toy_model(self.folder / MODEL)
        _write_card(model)
        self._run(api, settings, "models", "add", str(model), "--name", MODEL, "--copy-to-storage")
        self._start(api, "api", pingvas("api"), settings)
        self._start(api, "chores", pingvas("chores"), settings)
        somebody = self.network.add_host("somebody")
        door = [
            sys.executable,
            "-m",
            "tests.hosts.relay",
            str(self._doors / "api"),
            api.address,
            str(API_PORT),
        ]
        self._start(somebody, "relay", door)
        wait_for(lambda: "listening" in self.log("relay"), "the door")
        wait_for(self._is_alive, "the API to answer")

    def start_worker(self, name: str) -> WorkerHost:
        """A worker that has addresses, a secret, and an empty folder."""
        host = self.network.add_host(name)
        folder = self.folder / name
        folder.mkdir()
        process = self._start(
            host, name, pingvas("worker"), {"model_cache_dir": folder / "cache"}, cwd=folder
        )
        return WorkerHost(host, process, folder)

    def stop(self) -> None:
        end_processes(self._processes[1:])
        end_processes(self._processes[:1])  # the database last

    def client(self) -> httpx.Client:
        transport = httpx.HTTPTransport(uds=str(self._doors / "api"))
        return httpx.Client(transport=transport, base_url="http://studio", timeout=60)

    def ask(self, statement: str, *values: Any) -> list[asyncpg.Record]:
        """Rows, through the socket in the file system."""
        url = make_url(self._database_url)
        query = {"host": str(self._doors), "port": str(url.port)}
        door = URL.create(url.drivername, url.username, url.password, database=url.database, query=query)
        return ask(door.render_as_string(hide_password=False), statement, *values)

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def _start_database(self, host: Host) -> None:
        folder = self.folder / "database"
        folder.mkdir()
        command = [
            sys.executable,
            "-m",
            "tests.hosts.database_server",
            str(folder),
            host.address,
            str(self._doors),
        ]
        process = self._start(host, "database", command)
        wait_for(lambda: process.poll() is not None or "://" in self.log("database"), "the database")
        assert process.poll() is None, self.log("database")
        self._database_url = next(line for line in self.log("database").splitlines() if "://" in line)

    def _start_bucket(self, host: Host) -> None:
        command = [sys.executable, "-m", "tests.chaos.bucket", host.address, str(BUCKET_PORT), "pictures"]
        self._start(host, "storage", command)
        wait_for(lambda: "serving" in self.log("storage"), "the storage")
        self._storage_url = storage_url(host.address, BUCKET_PORT, "pictures")

    def _environment(self, settings: Mapping[str, object]) -> dict[str, str]:
        ours: dict[str, object] = {"lease_seconds": self._lease_seconds}
        if self._database_url:
            ours |= {"database_url": self._database_url, "storage_url": self._storage_url}
        return studio_environment(**(ours | dict(settings))) | {"PYTHONPATH": str(ROOT)}

    def _start(
        self,
        host: Host,
        name: str,
        command: Sequence[str],
        settings: Mapping[str, object] = {},
        *,
        cwd: Path = ROOT,
    ) -> subprocess.Popen[bytes]:
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                [*host.enter, *command],
                cwd=cwd,
                env=self._environment(settings),
                stdout=log,
                stderr=log,
                preexec_fn=end_with_parent(signal.SIGKILL),
            )
        self._processes.append(process)
        return process

    def _run(self, at: Host, settings: dict[str, object], *arguments: str) -> None:
        done = subprocess.run(
            [*at.enter, *pingvas(*arguments)],
            cwd=ROOT,
            env=self._environment(settings),
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr

    def _is_alive(self) -> bool:
        try:
            with self.client() as client:
                return client.get("/healthz").status_code == 200
        except httpx.TransportError:
            return False


@contextmanager
def studio_of_hosts(network: Network, folder: Path, *, lease_seconds: float) -> Iterator[StudioOfHosts]:
    """Without workers; everything started on it ends with the block."""
    with ExitStack() as ending:
        # The length of a socket's path is limited, a test folder's is not.
        doors = ending.enter_context(tempfile.TemporaryDirectory(prefix="pingvas-doors-"))
        studio = StudioOfHosts(network, folder, Path(doors), lease_seconds)
        ending.callback(studio.stop)
        studio.start()
        yield studio


def _write_card(model: Path) -> None:
    defaults = CONFIG["defaults"] | {"width": 64, "height": 64, "steps": 20}
    cost = {"fixed_seconds": 20.0, "seconds_per_megapixel_step": 1.0}
    card = {**CONFIG, **ENGINE_CONFIG, "version": "1", "max_steps": 2000, "defaults": defaults, "cost": cost}
    (model / "studio.json").write_text(json.dumps(card))
