"""Decodes foreign pictures and reads foreign text in child processes, so that none of it costs the serving process.

Two children, started at the first picture and kept: one for small pictures, one for large. Each has a limit of memory and of
processor time and a deadline, and is killed and replaced when it is over. Whoever waits for one stands in a queue that is fair
between people. Every picture goes to the small child first, which reads the header and passes a large one on undecoded.

Several serving processes of one machine share a folder (`FOLDER`): of each kind only one child decodes at a time, whosever it is,
and one that has grown ends after its picture. So their memory together is that of two at work and small ones that wait.
"""

import asyncio
import fcntl
import json
import logging
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

from pingvas.base.budgets import Budgets, Key
from pingvas.base.errors import StudioError, Unavailable
from pingvas.base.fair_queue import FairQueue
from pingvas.engine.images.thumbnails import Thumbnails
from pingvas.gallery import uploads
from pingvas.gallery.decoder_child import READY
from pingvas.gallery.uploads import CheckedImage, DamagedImage, PictureTooCostly

log = logging.getLogger(__name__)

MIB = 1024 * 1024
SMALL_PIXELS = 2048 * 2048
"""What the small child decodes; it takes less than a second."""
SMALL_MEMORY = 256 * MIB
"""Address space, as `decoder_memory_bytes` is for the large child. Of each 80 MiB are mapped and never resident: with the setting
as it is both stay below 624 MiB together, which leaves 400 MiB of a pod's 1 GiB to the serving process."""
_NEVER_RESIDENT = 80 * MIB
MOST_IDLE = 64 * MIB
"""Resident, of a child that waits beside those of other serving processes; a new one has 32 MiB."""
FOLDER = "PINGVAS_DECODER_DIR"
"""The environment variable that names the folder that serving processes share; set by whoever starts several."""
_LOOK_AGAIN = 0.02
SMALL_SECONDS, LARGE_SECONDS = 6, 20
"""For one picture, of the processor; on the clock it is `patience` times as many, for a machine that is busy."""
# What a child says is bounded too, should a picture ever have taken it over.
_LONGEST_ANSWER, _LARGEST_FILES = 4 * MIB, 512 * MIB
_KEPT = (
    "PATH",
    "HOME",
    "LANG",
    "LC_ALL",
    "PYTHONPATH",
    "PYTHONHOME",
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
    "TMPDIR",
)
# Why a picture is not taken.
REFUSALS: tuple[type[StudioError], ...] = (
    uploads.NotAnImage,
    uploads.DamagedImage,
    uploads.TooManyPixels,
    uploads.TooManyPasses,
    uploads.PictureTooCostly,
)
_ERRORS = {kind.__name__: kind for kind in REFUSALS}


def most_resident(processes: int, large_memory: int) -> int:
    """Bytes that the children of so many serving processes of one machine have resident together: two at work, and two that
    wait beside each of the others."""
    at_work = SMALL_MEMORY + large_memory - 2 * _NEVER_RESIDENT
    return at_work + 2 * MOST_IDLE * (processes - 1)


class DecoderAway(Unavailable):
    default_detail = "Pictures cannot be read at this moment. Try again in a moment."


@dataclass(frozen=True)
class _Lane:
    """One child at a time, and who waits for it. `lock` is the file that makes it one for all processes of the machine."""

    memory: int
    seconds: int
    queue: FairQueue
    # The child that waits for the next picture; empty while it is busy, and before the first.
    idle: list[Process]
    lock: Path | None

    @asynccontextmanager
    async def turn(self, who: Key) -> AsyncIterator[None]:
        """After the others of this process, and then of the machine. Raises what `FairQueue.turn` raises."""
        async with self.queue.turn(who):
            if self.lock is None:
                yield
                return
            descriptor = os.open(self.lock, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                while not _taken(descriptor):  # noqa: ASYNC110 - a lock of another process tells nobody
                    await asyncio.sleep(_LOOK_AGAIN)
                yield
            finally:
                os.close(descriptor)  # which gives it back, as the end of the process does


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


class Decoder:
    """The children of one serving process."""

    def __init__(self, *, large_memory: int, patience: float = 3) -> None:
        self.patience = patience
        self.seconds_to_start = 30.0
        shared = os.environ.get(FOLDER)
        small, large = (Path(shared, name) if shared else None for name in ("small", "large"))
        self._small = _Lane(SMALL_MEMORY, SMALL_SECONDS, FairQueue("decoding", running=1), [], small)
        self._large = _Lane(large_memory, LARGE_SECONDS, FairQueue("decoding", running=1), [], large)

    @property
    def idle_children(self) -> list[int]:
        """Process ids of those that wait for a picture."""
        return [child.pid for lane in (self._small, self._large) for child in lane.idle]

    async def check(
        self, budgets: Budgets, who: Key, data: bytes, *, max_side: int, max_pixels: int
    ) -> CheckedImage:
        """`uploads.check_image`, apart. Raises what that raises, and BudgetUsedUp and StudioBusy."""
        budgets.decoding_seconds.check(who)
        limits = {"max_side": max_side, "max_pixels": max_pixels}
        asked = limits | {"decode_pixels": SMALL_PIXELS}
        found = await self._ask(self._small, budgets, who, data, asked)
        if isinstance(found, uploads.LargePicture):
            asked = limits | {"memory": self._large.memory}
            found = await self._ask(self._large, budgets, who, data, asked)
        if isinstance(found, StudioError):
            raise found
        return found

    async def close(self) -> None:
        """End the children."""
        for lane in (self._small, self._large):
            while lane.idle:
                await _kill(lane.idle.pop())

    async def _ask(
        self, lane: _Lane, budgets: Budgets, who: Key, data: bytes, asked: dict[str, int]
    ) -> CheckedImage | StudioError:
        async with lane.turn(who):
            budgets.decoding_seconds.check(who)  # used up, perhaps, while this one waited
            start = monotonic()
            child = await self._ready(lane, asked | {"bytes": len(data)})
            try:
                async with asyncio.timeout(self.patience * lane.seconds):
                    found = await _talk(child, data)
            except (TimeoutError, OSError, EOFError):
                log.warning("a picture of %d bytes was over the decoder's limits", len(data))
                await _kill(child)
                return PictureTooCostly()
            except BaseException:
                child.kill()  # its answer would be taken for the next one's
                raise
            finally:
                budgets.decoding_seconds.add(who, monotonic() - start)
            if lane.lock is not None and _most_resident(child.pid) > MOST_IDLE:
                await _kill(child)  # before another process's has its turn
            else:
                lane.idle.append(child)
            return found

    async def _ready(self, lane: _Lane, asked: dict[str, int]) -> Process:
        """A child that has read what is asked and waits for the picture: what happens to it then is the picture's doing."""
        while True:
            reused = bool(lane.idle)
            child = lane.idle.pop() if reused else await self._start(lane)
            try:
                async with asyncio.timeout(self.seconds_to_start):
                    if await _greet(child, asked):
                        return child
            except TimeoutError:
                pass
            except BaseException:
                child.kill()
                raise
            await _kill(child)
            if not reused:
                raise DecoderAway

    async def _start(self, lane: _Lane) -> Process:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "pingvas.gallery.decoder_child",
            str(lane.memory),
            str(lane.seconds),
            stdin=PIPE,
            stdout=PIPE,
            env=_environment(),
        )


def _most_resident(pid: int) -> int:
    """The most bytes that a process has had resident; 0 where nobody says."""
    with suppress(OSError), Path(f"/proc/{pid}/status").open("rb") as status:
        for line in status:
            if line.startswith(b"VmHWM:"):
                return int(line.split()[1]) * 1024
    return 0


def _environment() -> dict[str, str]:
    """What Python needs to start, and none of the studio's secrets. One thread of each library: their stacks are address space."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return kept | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1"}


async def _greet(child: Process, asked: dict[str, int]) -> bool:
    """Whether the child lives and says so."""
    if child.stdin is None or child.stdout is None:
        return False
    try:
        child.stdin.write(json.dumps(asked).encode() + b"\n")
        await child.stdin.drain()
        return await child.stdout.readexactly(len(READY)) == READY
    except (OSError, EOFError):
        return False


async def _talk(child: Process, data: bytes) -> CheckedImage | StudioError:
    if child.stdin is None or child.stdout is None:
        raise EOFError
    child.stdin.write(data)
    await child.stdin.drain()
    length = int.from_bytes(await child.stdout.readexactly(4), "big")
    if length > _LONGEST_ANSWER:
        raise EOFError
    told: dict[str, Any] = json.loads(await child.stdout.readexactly(length))
    if sum(told["sizes"]) > _LARGEST_FILES:
        raise EOFError
    kept, small, large = [await child.stdout.readexactly(size) for size in told["sizes"]]
    if "surprise" in told:
        log.info("a codec's surprise: %s", told["surprise"])
    if "error" in told:
        if told["error"] == uploads.LargePicture.__name__:
            return uploads.LargePicture()
        kind = _ERRORS.get(told["error"], DamagedImage)
        return kind(told.get("detail"), extra=told.get("extra"))
    thumbnails = Thumbnails(small, large, bytes.fromhex(told["hash"]))
    return CheckedImage(kept, thumbnails, told["format"], told["width"], told["height"], told["parameters"])


async def _kill(child: Process) -> None:
    with suppress(ProcessLookupError):
        child.kill()
    await child.wait()
