"""Hosts of their own on one machine: a network namespace each, on one switch, in which nothing of the outside is."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.running_studio import ROOT, wait_for
from pingvas.launch.end_with_parent import end_with_parent
from tests.chaos.studio_under_fire import end_processes

# The outer namespaces: with one of users, which needs no rights, or, where that is forbidden, as root without.
_WAYS = (("--user", "--map-root-user"), ())


class NoNamespaces(Exception):
    """This machine lets nobody make a network; the text is what it said."""


@dataclass(frozen=True)
class Host:
    """`enter` before a command runs it there."""

    name: str
    address: str
    enter: Sequence[str]


@dataclass
class Network:
    """A switch and what is plugged into it."""

    switch: subprocess.Popen[str]
    enter: Sequence[str]
    _hosts: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def add_host(self, name: str) -> Host:
        """A host called `name` (at most 15 letters), with the next address of 10.77.0.0/24."""
        address = f"10.77.0.{len(self._hosts) + 2}"
        outer = self.switch.pid
        command = [*self.enter, "unshare", "--net", "--", "sleep", "infinity"]
        holder = subprocess.Popen(command, preexec_fn=end_with_parent(signal.SIGKILL))
        self._hosts.append(holder)
        _wait_inside(holder.pid, not_in=(os.getpid(), outer))
        self._tell({"plug": name, "pid": holder.pid, "address": f"{address}/24"})
        return Host(name, address, _enter(holder.pid, with_user="--user" in self.enter))

    def cut(self, host: Host) -> None:
        """Pull the host's cable."""
        self._tell({"cut": host.name})

    def mend(self, host: Host) -> None:
        self._tell({"mend": host.name})

    def remove(self) -> None:
        running: list[subprocess.Popen[Any]] = [*self._hosts, self.switch]
        for process in running:
            process.kill()
            process.wait()
        for pipe in (self.switch.stdin, self.switch.stdout, self.switch.stderr):
            assert pipe is not None
            pipe.close()

    def _tell(self, order: dict[str, object]) -> None:
        assert self.switch.stdin is not None
        self.switch.stdin.write(json.dumps(order) + "\n")
        self.switch.stdin.flush()
        expect_ok(self.switch)


@contextmanager
def running_network() -> Iterator[Network]:
    """A switch without hosts; they all go with it. Raises NoNamespaces."""
    with ExitStack() as ending:
        network = _open_network()
        ending.callback(network.remove)
        yield network


def _open_network() -> Network:
    said = []
    for way in _WAYS:
        command = ["unshare", *way, "--net", "--", sys.executable, "-m", "tests.hosts.switch"]
        try:
            switch = subprocess.Popen(
                command,
                cwd=ROOT,
                text=True,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
        except FileNotFoundError:
            raise NoNamespaces("there is no `unshare` (util-linux)") from None
        network = Network(switch, _enter(switch.pid, with_user=bool(way)))
        try:
            expect_ok(switch)
            network.add_host("probe")
        except NoNamespaces as error:
            network.remove()
            said.append(f"{' '.join(['unshare', *way, '--net'])}: {error}")
            continue
        return network
    raise NoNamespaces("; ".join(said))


@contextmanager
def running_on(host: Host, log: Path, module: str, *arguments: str) -> Iterator[Callable[[str], str]]:
    """Run `python -m MODULE` on a host. Yields a function that waits for a line with these words in it, and returns it."""
    command = [*host.enter, sys.executable, "-m", module, *arguments]
    with log.open("ab") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, stdout=output, stderr=output, preexec_fn=end_with_parent(signal.SIGKILL)
        )

    def line(words: str) -> str:
        def said() -> list[str]:
            return [line for line in log.read_text(errors="replace").splitlines() if words in line]

        wait_for(lambda: bool(said()) or process.poll() is not None, f"{module} to say {words!r}")
        assert said(), log.read_text(errors="replace")
        return said()[-1]

    try:
        yield line
    finally:
        end_processes([process])


def expect_ok(switch: subprocess.Popen[str]) -> None:
    """Read one answer. Raises NoNamespaces when it is another, or none."""
    assert switch.stdout is not None
    assert switch.stderr is not None
    answer = switch.stdout.readline().strip()
    if not answer:
        lines = switch.stderr.read().strip().splitlines()
        raise NoNamespaces(lines[-1] if lines else "it ended without a word")
    if answer != "ok":
        raise NoNamespaces(answer)


def _enter(pid: int, *, with_user: bool) -> list[str]:
    user = ["--user", "--preserve-credentials"] if with_user else []
    return ["nsenter", "--target", str(pid), *user, "--net", "--"]


def _wait_inside(pid: int, *, not_in: Sequence[int]) -> None:
    """Until the process is in a network of its own: it runs `unshare` first."""
    others = {Path(f"/proc/{other}/ns/net").readlink() for other in not_in}
    process = Path(f"/proc/{pid}")
    deadline = time.monotonic() + 30
    while (process / "ns/net").readlink() in others or (process / "comm").read_text() != "sleep\n":
        if time.monotonic() > deadline:
            raise NoNamespaces("a host's namespace was not made")
        time.sleep(0.01)
