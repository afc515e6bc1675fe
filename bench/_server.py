"""A database server of a benchmark's own, and a folder, both gone afterwards."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from pingvas.launch import embedded_postgres


def run_with_server(run: Callable[[Path, embedded_postgres.EmbeddedPostgres], Awaitable[None]]) -> None:
    """Do something with them."""

    async def done(folder: Path, server: embedded_postgres.EmbeddedPostgres) -> None:
        await run(folder, server)

    with tempfile.TemporaryDirectory(prefix="pingvas-bench-") as name:
        server = embedded_postgres.start(Path(name))
        try:
            asyncio.run(done(Path(name), server))
        finally:
            server.stop()
