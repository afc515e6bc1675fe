"""The kit, every primitive of the page in every state, built and served with the headers of the real page."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from starlette.applications import Starlette

from harness.node import find_node
from harness.running_studio import ROOT, free_port
from pingvas.api.http.site import page_route

WEB = ROOT / "web"
KIT = WEB / "node_modules" / ".kit"
_VITE = WEB / "node_modules" / "vite" / "bin" / "vite.js"


def build_kit() -> Path:
    """Build it with the page's own configuration; returns the folder. Raises CalledProcessError with what Vite said."""
    subprocess.run(
        [find_node(), str(_VITE), "build", "--mode", "kit", "--logLevel", "warn"],
        cwd=WEB,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return KIT


@contextmanager
def served_kit(folder: Path) -> Iterator[str]:
    """Serve it as the studio serves its page, content security policy and all; yields the address."""
    port = free_port()
    app = Starlette(routes=[page_route(pictures_are_local=True, dist=folder)])
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 60
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.05)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(10)
