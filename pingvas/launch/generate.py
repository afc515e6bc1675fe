"""`pingvas generate`: a picture from the command line, through a studio that runs or one started for the call."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import httpx
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from pingvas.base.errors import Forbidden, Invalid, StudioError, Unavailable
from pingvas.base.settings import Settings
from pingvas.generation.statuses import ENDED
from pingvas.launch.end_with_parent import end_with_parent
from pingvas.launch.owner_link import make_owner_token
from pingvas.launch.state_file import RunningStudio, find_studio

FORMATS = (".png",)
POLL_SECONDS = 0.25
START_SECONDS = 180.0
AWAY_SECONDS = 60.0  # how long a studio may be out of reach before we give up on our jobs


class Refused(StudioError):
    """The studio said no; the detail is what it said."""


class NotMade(StudioError):
    """The job ended without a picture."""


@dataclass(frozen=True)
class Request:
    """What the command line asked for. None leaves a choice to the model's defaults."""

    prompt: str
    output: Path
    model: str | None = None
    size: str | None = None
    steps: int | None = None
    cfg_scale: float | None = None
    sampler: str | None = None
    seed: int | None = None
    negative_prompt: str = ""
    count: int = 1

    def body(self) -> dict[str, Any]:
        """The body of POST /jobs."""
        width, height = read_size(self.size)
        chosen = {
            "model": self.model,
            "width": width,
            "height": height,
            "steps": self.steps,
            "cfg_scale": self.cfg_scale,
            "sampler": self.sampler,
            "seed": self.seed,
        }
        asked = {"prompt": self.prompt, "negative_prompt": self.negative_prompt, "count": self.count}
        return {
            "job_type": "txt2img",
            **asked,
            **{name: value for name, value in chosen.items() if value is not None},
        }

    def paths(self) -> list[Path]:
        """Where the pictures go: the path itself, or numbered from 1 when there are several."""
        if self.count == 1:
            return [self.output]
        return [self.output.with_stem(f"{self.output.stem}-{number}") for number in range(1, self.count + 1)]


def generate_images(settings: Settings, request: Request) -> list[Path]:
    """Make the pictures and write them; returns their paths. Raises StudioError with what to tell the person."""
    if request.output.suffix.lower() not in FORMATS:
        raise Invalid(f"{request.output.name}: pictures are written as {' or '.join(FORMATS)}.")
    if not request.output.resolve().parent.is_dir():
        raise Invalid(f"There is no folder {request.output.resolve().parent}.")
    body = request.body()
    with _studio(settings) as (url, token), _client(url, token) as client:
        try:
            return _make(client, body, request.paths())
        finally:
            if not os.environ.get("PINGVAS_TOKEN"):
                with suppress(httpx.HTTPError):  # our own sign-in; nobody needs it any more
                    client.post("/api/v1/auth/logout")


def read_size(size: str | None) -> tuple[int | None, int | None]:
    """`256` and `256x192` in pixels. Raises Invalid."""
    if size is None:
        return None, None
    width, cross, height = size.lower().replace("×", "x").partition("x")
    if not width.isdigit() or (cross and not height.isdigit()):
        raise Invalid(f"--size {size}: write it as 256 or 256x192.")
    return int(width), int(height) if cross else int(width)


# The studio.


@contextmanager
def _studio(settings: Settings) -> Iterator[tuple[str, str]]:
    """The address of a studio and an access token for it."""
    named = os.environ.get("PINGVAS_URL")
    if named:
        token = os.environ.get("PINGVAS_TOKEN")
        if not token:
            raise Forbidden(
                f"PINGVAS_URL names {named}, but PINGVAS_TOKEN, which would let us in, is not set."
            )
        yield named.rstrip("/"), token
        return
    running = find_studio(settings.data_dir)
    if running is not None:
        yield running.url, _sign_in(running)
        return
    with _started(settings) as started:
        yield started.url, _sign_in(started)


def _sign_in(studio: RunningStudio) -> str:
    """An access token of the owner. Who may read the state file, with the database's password, is the owner."""
    token = asyncio.run(make_owner_token(studio.database_url, minutes=1))
    with _client(studio.url) as client:
        answer = _checked(client.post("/api/v1/auth/one-time", json={"token": token}))
    return str(answer.json()["access_token"])


@contextmanager
def _started(settings: Settings) -> Iterator[RunningStudio]:
    """A studio of our own on any free port, for as long as the block lasts."""
    Console(stderr=True).print("No studio is running; starting one for this picture.", style="dim")
    command = [sys.executable, "-m", "pingvas.cli", "up", "--quiet"]
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PINGVAS_PORT": "0"},
            start_new_session=True,
            preexec_fn=end_with_parent(signal.SIGTERM),
        )
        try:
            yield _wait_for(process, settings.data_dir, said)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()


def _wait_for(process: subprocess.Popen[bytes], data_dir: Path, said: IO[bytes]) -> RunningStudio:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        found = find_studio(data_dir)
        if found is not None:
            return found
        if process.poll() is not None:
            break
        time.sleep(0.05)
    said.seek(0)
    lines = said.read().decode(errors="replace").strip().splitlines()[-15:]
    raise Unavailable("The studio did not start:\n" + "\n".join(lines))


# The jobs.


def _client(url: str, token: str | None = None) -> httpx.Client:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    local = "://127.0.0.1" in url or "://localhost" in url
    return httpx.Client(base_url=url, headers=headers, timeout=30, trust_env=not local, follow_redirects=True)


def _checked(answer: httpx.Response) -> httpx.Response:
    """The answer itself. Raises Refused with the sentence of its problem document."""
    if answer.is_success:
        return answer
    try:
        problem = answer.json()
        sentence = str(problem.get("detail") or problem.get("title"))
        reasons = [f"{error['loc'][-1]}: {error['msg']}" for error in problem.get("errors", [])]
    except (ValueError, AttributeError, KeyError, IndexError):
        sentence, reasons = f"The studio answered {answer.status_code} {answer.reason_phrase}.", []
    raise Refused("\n  ".join([sentence, *reasons]))


def _make(client: httpx.Client, body: dict[str, Any], paths: list[Path]) -> list[Path]:
    try:
        submitted = _checked(client.post("/api/v1/jobs", json=body)).json()
    except httpx.TransportError as error:
        raise Unavailable(f"The studio at {client.base_url} does not answer: {error}") from error
    ids = [str(job["id"]) for job in submitted["jobs"]]
    try:
        jobs = _watch(client, ids)
    except BaseException:
        # Ctrl-C, or something broke: what has not ended is not wanted any more.
        for job_id in ids:
            with suppress(httpx.HTTPError):
                client.post(f"/api/v1/jobs/{job_id}/cancel")
        raise
    made = [
        _save(client, job, path)
        for job, path in zip(jobs, paths, strict=True)
        if job["status"] == "completed"
    ]
    failed = [job for job in jobs if job["status"] != "completed"]
    if failed:
        reason = failed[0].get("error") or {}
        raise NotMade(reason.get("message") or f"The job was {failed[0]['status']}.")
    return made


def _watch(client: httpx.Client, ids: list[str]) -> list[dict[str, Any]]:
    """The jobs once all have ended, with a bar for each meanwhile."""
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f}%"))
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True) as progress:
        bars = {job_id: progress.add_task("waiting", total=100.0) for job_id in ids}
        last_heard = time.monotonic()
        while True:
            try:
                jobs = [_checked(client.get(f"/api/v1/jobs/{job_id}")).json() for job_id in ids]
                last_heard = time.monotonic()
            except httpx.TransportError as error:
                if time.monotonic() - last_heard > AWAY_SECONDS:
                    raise Unavailable(f"The studio at {client.base_url} went away: {error}") from error
                time.sleep(1)
                continue
            for job in jobs:
                _show(progress, bars[job["id"]], job)
            if all(job["status"] in ENDED for job in jobs):
                return jobs
            time.sleep(POLL_SECONDS)


def _show(progress: Progress, bar: TaskID, job: dict[str, Any]) -> None:
    at = job.get("progress")
    if job["status"] in ENDED:
        progress.update(bar, description=job["status"], completed=100.0)
    elif at:
        step = f"{at['step_name']} {at['step']}/{at['total_steps']}"
        progress.update(bar, description=step, completed=float(at["percent"]))
    elif job.get("position"):
        progress.update(bar, description=f"{job['status']}, place {job['position']}")
    else:
        progress.update(bar, description=job["status"])


def _save(client: httpx.Client, job: dict[str, Any], path: Path) -> Path:
    """Write the picture whole or not at all."""
    address = httpx.URL(client.base_url).join(job["image"]["file_url"])
    # A bucket's signed address wants no bearer token, and must not be given ours.
    ours = address.host == client.base_url.host
    answer = client.get(address) if ours else httpx.get(address, timeout=60, follow_redirects=True)
    picture = _checked(answer).content
    fresh = path.with_name(f".{path.name}.new")
    try:
        fresh.write_bytes(picture)
        fresh.replace(path)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise Unavailable(f"{path} cannot be written: {error.strerror}.") from error
    return path
