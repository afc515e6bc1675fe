"""A switch with a cable to each host, in a network namespace of its own: `python -m tests.hosts.switch`.

It reads a JSON object per line and answers each with `ok` or with what went wrong:
`{"plug": name, "pid": of a process in the host's namespace, "address": "10.77.0.2/24"}`, `{"cut": name}`,
`{"mend": name}`. When its input ends, it ends, and the network with it.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pyroute2 import IPRoute

_NEW_NET = 0x40000000  # CLONE_NEWNET
_libc = ctypes.CDLL(None, use_errno=True)


def main() -> None:
    _make_switch()
    print("ok", flush=True)  # noqa: T201
    for line in sys.stdin:
        try:
            _do(json.loads(line))
        except Exception as error:  # noqa: BLE001 - whoever asked decides what it means
            print(f"{type(error).__name__}: {error}".replace("\n", " "), flush=True)  # noqa: T201
        else:
            print("ok", flush=True)  # noqa: T201


def _do(order: dict[str, Any]) -> None:
    match order:
        case {"plug": str(name), "pid": int(pid), "address": str(address)}:
            _plug(name, pid, address)
        case {"cut": str(name)}:
            _set(name, "down")
        case {"mend": str(name)}:
            _set(name, "up")
        case _:
            raise ValueError(f"not an order: {order}")


def _make_switch() -> None:
    with IPRoute() as here:
        here.link("add", ifname="switch", kind="bridge")
        here.link("set", index=_index(here, "switch"), state="up")


def _plug(name: str, pid: int, address: str) -> None:
    """A cable from the switch to `eth0` of the host."""
    with IPRoute() as here:
        here.link("add", ifname=name, kind="veth", peer={"ifname": "eth0", "net_ns_pid": pid})
        here.link("set", index=_index(here, name), master=_index(here, "switch"), state="up")
    host, _, length = address.partition("/")
    with _inside(pid), IPRoute() as there:
        there.link("set", index=_index(there, "lo"), state="up")
        card = _index(there, "eth0")
        there.addr("add", index=card, address=host, prefixlen=int(length))
        there.link("set", index=card, state="up")


def _set(name: str, state: str) -> None:
    """At the switch's end, as a pulled cable is: the host still has its address and its route."""
    with IPRoute() as here:
        here.link("set", index=_index(here, name), state=state)


def _index(network: IPRoute, name: str) -> int:
    return int(network.link_lookup(ifname=name)[0])


@contextmanager
def _inside(pid: int) -> Iterator[None]:
    """Sockets opened meanwhile belong to the network namespace of that process."""
    home = os.open("/proc/self/ns/net", os.O_RDONLY)
    try:
        _enter(Path(f"/proc/{pid}/ns/net"))
        yield
    finally:
        _check(_libc.setns(home, _NEW_NET))
        os.close(home)


def _enter(namespace: Path) -> None:
    with namespace.open() as there:
        _check(_libc.setns(there.fileno(), _NEW_NET))


def _check(code: int) -> None:
    if code != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


if __name__ == "__main__":
    main()
