"""The supervisor, with small Python programs for children."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from pingvas.launch.processes import Child, Supervisor

SLEEPER = "import time\nprint('here', flush=True)\ntime.sleep(60)"
POLITE = """
import signal, sys, time
def leave(*_):
    print('leaving', flush=True); time.sleep({seconds}); print('left', flush=True); sys.exit(0)
signal.signal(signal.SIGTERM, leave)
print('here', flush=True)
time.sleep(60)
"""
STUBBORN = "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint('here', flush=True)\ntime.sleep(60)"


class Heard:
    """Keeps what the supervisor tells."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []

    def __call__(self, name: str, line: str) -> None:
        self.lines.append((name, line))

    async def wait_for(self, name: str, word: str, times: int = 1) -> None:
        for _ in range(6000):
            if sum(1 for who, line in self.lines if who == name and word in line) >= times:
                return
            await asyncio.sleep(0.02)
        raise AssertionError(f"{name} never said {word!r} {times} times: {self.lines}")


def child(name: str, program: str, stop_seconds: float = 10.0) -> Child:
    return Child(name, [sys.executable, "-I", "-S", "-c", program], stop_seconds)


async def test_a_crashed_child_is_started_again() -> None:
    heard = Heard()
    supervisor = Supervisor([[child("api", SLEEPER)]], os.environ, tell=heard, backoff_seconds=0.05)
    supervisor.start()
    await heard.wait_for("api", "here")
    first = supervisor.pids()["api"]

    os.kill(first, signal.SIGKILL)
    await heard.wait_for("api", "here", times=2)

    assert supervisor.pids()["api"] != first
    assert ("api", "ended (killed by SIGKILL); starting it again in 0.05 s") in heard.lines
    await supervisor.stop()


async def test_a_child_that_keeps_crashing_is_started_less_and_less_often() -> None:
    heard = Heard()
    supervisor = Supervisor(
        [[child("api", "raise SystemExit(3)")]], os.environ, tell=heard, backoff_seconds=0.02
    )
    supervisor.start()

    await heard.wait_for("api", "ended", times=3)
    await supervisor.stop()

    waits = [line.partition(" in ")[2] for _, line in heard.lines if "exit code 3" in line]
    assert waits[:3] == ["0.02 s", "0.04 s", "0.08 s"]


async def test_groups_stop_one_after_the_other_and_nothing_is_left() -> None:
    heard = Heard()
    groups = [
        [child("worker", POLITE.format(seconds=0.3)), child("chores", POLITE.format(seconds=0))],
        [child("api", POLITE.format(seconds=0))],
    ]
    supervisor = Supervisor(groups, os.environ, tell=heard)
    supervisor.start()
    for name in ("worker", "chores", "api"):
        await heard.wait_for(name, "here")
    pids = list(supervisor.pids().values())

    await supervisor.stop()

    assert heard.lines.index(("worker", "left")) < heard.lines.index(("api", "leaving"))
    assert not any(psutil.pid_exists(pid) for pid in pids)
    assert supervisor.pids() == {}


async def test_a_child_that_does_not_stop_is_killed_when_its_time_is_over() -> None:
    heard = Heard()
    supervisor = Supervisor([[child("worker", STUBBORN, stop_seconds=0.2)]], os.environ, tell=heard)
    supervisor.start()
    await heard.wait_for("worker", "here")

    await supervisor.stop()

    assert ("worker", "does not stop; killing it") in heard.lines


async def test_a_child_gets_what_is_its_own_and_nothing_that_is_withheld_however_it_is_written() -> None:
    # given
    heard = Heard()
    show = "import os, time; print(dict(os.environ), flush=True); time.sleep(60)"
    command = [sys.executable, "-I", "-S", "-c", show]
    environment = {
        "PATH": os.environ["PATH"],
        "PINGVAS_SECRET_KEY": "the master key",
        "pingvas_secret_key": "the master key",
        "pingvas_database_url": "postgresql://somebody",
    }
    children = [
        Child("worker", command, without=frozenset({"PINGVAS_SECRET_KEY"})),
        Child("chores", command, own={"PINGVAS_DATABASE_URL": "postgresql://owner"}),
    ]

    # when
    supervisor = Supervisor([children], environment, tell=heard)
    supervisor.start()
    await heard.wait_for("worker", "PATH")
    await heard.wait_for("chores", "PATH")
    await supervisor.stop()

    # then
    said = dict(heard.lines)
    assert "the master key" not in said["worker"]
    assert said["worker"].count("postgresql://") == 1
    assert said["chores"].count("the master key") == 2
    assert "postgresql://owner" in said["chores"]
    assert "somebody" not in said["chores"]


async def test_children_live_on_when_nobody_can_be_told_of_them() -> None:
    # given
    heard = Heard()

    def tell(name: str, line: str) -> None:
        heard(name, line)
        raise OSError(28, "No space left on device")

    def on_change(pids: object) -> None:
        raise OSError(28, "No space left on device")

    supervisor = Supervisor(
        [[child("api", SLEEPER)]], os.environ, tell=tell, on_change=on_change, backoff_seconds=0.05
    )
    supervisor.start()
    await heard.wait_for("api", "here")

    # when
    os.kill(supervisor.pids()["api"], signal.SIGKILL)

    # then
    await heard.wait_for("api", "here", times=2)
    await supervisor.stop()


async def test_asking_twice_kills_at_once() -> None:
    heard = Heard()
    supervisor = Supervisor([[child("worker", STUBBORN, stop_seconds=60)]], os.environ, tell=heard)
    supervisor.start()
    await heard.wait_for("worker", "here")
    began = time.monotonic()

    stopping = asyncio.create_task(supervisor.stop())
    await asyncio.sleep(0.1)
    supervisor.hurry()
    await stopping

    assert time.monotonic() - began < 10


async def test_a_child_that_is_just_being_started_is_stopped_too() -> None:
    heard = Heard()
    supervisor = Supervisor([[child("api", SLEEPER)]], os.environ, tell=heard)
    supervisor.start()

    await asyncio.sleep(0)  # the start has begun and the process is not known yet
    await asyncio.wait_for(supervisor.stop(), 10)

    assert supervisor.pids() == {}


async def test_long_lines_and_odd_bytes_are_passed_on() -> None:
    heard = Heard()
    program = (
        "import sys\nsys.stdout.buffer.write(b'x' * 2000000 + b'\\n' + b'\\xff caf\\xc3\\xa9\\n')\n"
        "sys.stdout.flush()\nimport time\ntime.sleep(60)"
    )
    supervisor = Supervisor([[child("api", program)]], os.environ, tell=heard)
    supervisor.start()

    await heard.wait_for("api", "café")

    assert ("api", "(a line too long to show)") in heard.lines
    await supervisor.stop()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children that their parent died")
def test_children_end_when_the_supervisor_is_killed(tmp_path: Path) -> None:
    program = f"""
import asyncio, os, sys
from pingvas.launch.processes import Child, Supervisor
async def main():
    sleeper = Child("api", [sys.executable, "-I", "-S", "-c", {SLEEPER!r}])
    supervisor = Supervisor([[sleeper]], os.environ, tell=lambda name, line: print(supervisor.pids()[name], flush=True))
    supervisor.start()
    await asyncio.sleep(60)
asyncio.run(main())
"""
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    sleeper = psutil.Process(int(parent.stdout.readline()))

    parent.kill()
    parent.wait()
    parent.stdout.close()

    psutil.wait_procs([sleeper], timeout=10)
    assert not sleeper.is_running() or sleeper.status() == psutil.STATUS_ZOMBIE
