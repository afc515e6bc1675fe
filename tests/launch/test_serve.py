"""A process of the API without which no event goes out ends with an error, so that its supervisor starts another."""

from __future__ import annotations

import asyncio
import os
import socket
import sys

from pingvas.base.settings import REPOSITORY, Settings

PROGRAM = """
from pingvas.base import loops, notify
from pingvas.base.settings import load_settings
from pingvas.launch.serve import serve_api

async def trip(self):
    raise KeyError("a bug that was put here")

notify.Notifier._run = trip
loops.MOST_FAILURES = 2
serve_api(load_settings())
"""


async def test_an_api_whose_notifier_cannot_live_ends_with_an_error(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    chosen = {
        f"PINGVAS_{name.upper()}": str(value)
        for name, value in settings.model_dump(exclude_none=True).items()
        if name in ("database_url", "data_dir")
    }
    environment = os.environ | chosen | {"PINGVAS_PORT": str(port)}

    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        PROGRAM,
        cwd=REPOSITORY,
        env=environment,
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await asyncio.wait_for(process.communicate(), 300)

    assert process.returncode == 1
    assert "LoopGaveUp: notifier failed 2 times in a row" in said.decode()
