"""Child processes kept alive: started together, restarted when they crash, stopped in order.

Whatever goes wrong in what is told to others (a terminal that is gone, a log on a full disk), the children are kept.

It passes their output on with a name before each line. It knows nothing of what the children do, except that
SIGTERM asks them to finish and that they end with this process, however this process ends.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

from pingvas.base.loops import BackgroundLoops
from pingvas.launch.end_with_parent import end_with_parent

MAX_BACKOFF_SECONDS = 30.0
STEADY_SECONDS = 60.0  # one that lived this long did not crash on its way up, so its backoff starts over
LINE_BYTES = 1024 * 1024

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Child:
    """A command to keep running. `stop_seconds` is how long SIGTERM may take before SIGKILL.

    `without` are variables of the environment that it does not get, `own` those that it alone gets; both in capitals,
    and settings are read in any case.
    """

    name: str
    command: Sequence[str]
    stop_seconds: float = 10.0
    without: frozenset[str] = frozenset()
    own: Mapping[str, str] = field(default_factory=dict)


class Supervisor:
    """Runs children, given in the order in which they stop: each group is asked together, the next when it has ended.

    `tell` gets one line of text with the name of the child it is from. `on_change` is called with
    {name: pid} whenever a child has come or gone. What either raises is logged, and nothing else comes of it.
    """

    def __init__(
        self,
        groups: Sequence[Sequence[Child]],
        environment: Mapping[str, str],
        *,
        tell: Callable[[str, str], None],
        on_change: Callable[[Mapping[str, int]], None] = lambda pids: None,
        backoff_seconds: float = 0.5,
        loops: BackgroundLoops | None = None,
    ) -> None:
        self._loops = loops or BackgroundLoops("studio")
        self._groups = groups
        self._environment = dict(environment)
        self._tell_others = tell
        self._on_change = on_change
        self._backoff = backoff_seconds
        self._running: dict[str, asyncio.subprocess.Process] = {}
        self._stopping = asyncio.Event()
        self._at_once = asyncio.Event()
        self._keepers: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Start every child and go on keeping them alive in the background of this loop, the main thread's."""
        children = [child for group in self._groups for child in group]
        self._keepers = [
            self._loops.start(f"keeper of {child.name}", partial(self._keep, child), longest_pause=1.0)
            for child in children
        ]

    async def stop(self) -> None:
        """Stop group after group, each child with its own patience; then nothing of them is left."""
        self._stopping.set()
        for group in self._groups:
            await asyncio.gather(*(self._end(child) for child in group))
        await asyncio.gather(*self._keepers)

    def hurry(self) -> None:
        """Kill whatever is still stopping: somebody asked twice."""
        self._at_once.set()

    def pids(self) -> dict[str, int]:
        """The process ids of the children that run now."""
        return {name: process.pid for name, process in self._running.items()}

    async def _keep(self, child: Child) -> None:
        backoff = self._backoff
        while not self._stopping.is_set():
            began = time.monotonic()
            status = await self._run_once(child)
            if self._stopping.is_set():
                return
            if time.monotonic() - began > STEADY_SECONDS:
                backoff = self._backoff
            self._tell(child.name, f"ended ({_describe(status)}); starting it again in {backoff:g} s")
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), backoff)
            backoff = min(2 * backoff, MAX_BACKOFF_SECONDS)

    async def _run_once(self, child: Child) -> int:
        process = await asyncio.create_subprocess_exec(
            *child.command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=_environment_of(child, self._environment),
            limit=LINE_BYTES,
            start_new_session=True,  # Ctrl-C is ours to pass on, in order
            preexec_fn=end_with_parent(signal.SIGTERM),
        )
        self._running[child.name] = process
        try:
            self._tell_change()
            if self._stopping.is_set():  # it was being started while everything was told to stop
                await self._end(child)
            await self._pass_output_on(child.name, process)
            return await process.wait()
        finally:
            if process.returncode is None:  # nobody would look after it any more, and another is started
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                await process.wait()
            self._running.pop(child.name, None)
            self._tell_change()

    def _tell_change(self) -> None:
        try:
            self._on_change(self.pids())
        except Exception:  # the children do not depend on who looks at them
            log.exception("that a process came or went could not be told")

    def _tell(self, name: str, line: str) -> None:
        try:
            self._tell_others(name, line)
        except Exception:  # a full disk behind standard error, a terminal that was closed
            log.exception("a line of %s could not be told", name)

    async def _pass_output_on(self, name: str, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None  # noqa: S101 - asked for above
        # A grandchild may hold the pipe open after the child is gone, so the child's end ends the reading too.
        ended = asyncio.create_task(process.wait())
        while True:
            line = asyncio.create_task(_read_line(process.stdout))
            await asyncio.wait({line, ended}, return_when=asyncio.FIRST_COMPLETED)
            if not line.done():
                with suppress(TimeoutError):
                    await asyncio.wait_for(asyncio.shield(line), 0.2)  # what it said last
            if not line.done():
                line.cancel()
                return
            if not line.result():
                await ended
                return
            self._tell(name, line.result().decode(errors="replace").rstrip("\n"))

    async def _end(self, child: Child) -> None:
        process = self._running.get(child.name)
        if process is None:
            return
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        waits = {
            asyncio.create_task(process.wait()),
            asyncio.create_task(self._at_once.wait()),
        }
        _, pending = await asyncio.wait(
            waits, timeout=child.stop_seconds, return_when=asyncio.FIRST_COMPLETED
        )
        for wait in pending:
            wait.cancel()
        if process.returncode is None:
            self._tell(child.name, "does not stop; killing it")
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()


def _environment_of(child: Child, shared: Mapping[str, str]) -> dict[str, str]:
    others = child.without | child.own.keys()
    return {**{name: value for name, value in shared.items() if name.upper() not in others}, **child.own}


async def _read_line(stream: asyncio.StreamReader) -> bytes:
    try:
        return await stream.readline()
    except ValueError:  # longer than LINE_BYTES; what fitted was dropped with it
        return b"(a line too long to show)\n"


def _describe(status: int) -> str:
    if status >= 0:
        return f"exit code {status}"
    with suppress(ValueError):
        return f"killed by {signal.Signals(-status).name}"
    return f"killed by signal {-status}"
