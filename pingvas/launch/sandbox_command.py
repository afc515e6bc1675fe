"""`pingvas sandbox`: the sandbox that sells, as a process of its own."""

from __future__ import annotations

from typing import Annotated

import typer


def sandbox(
    webhook: Annotated[
        str | None,
        typer.Option(help="Where its events go; the studio of these settings when left out."),
    ] = None,
) -> None:
    """Serve the sandbox that sells: plans and credits to try out, for no money."""
    from pingvas.base.log_lines import log_to_stderr
    from pingvas.base.private_files import keep_files_private
    from pingvas.base.settings import load_settings
    from pingvas.launch.serve_sandbox import serve_sandbox

    settings = load_settings()
    keep_files_private(settings)
    log_to_stderr(settings.log_level)
    serve_sandbox(settings, webhook)
