"""What the commands print: the children's lines with their names, the address, the doctor's findings."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from pingvas.base.log_lines import printable

if TYPE_CHECKING:
    from pingvas.launch.doctor import Finding
    from pingvas.launch.up import Ready

_COLOURS = {"studio": "cyan", "api": "green", "chores": "yellow"}  # workers: magenta


def teller(*, quiet: bool) -> Callable[[str, str], None]:
    """Prints a line of a process with its name before it. Quiet: only warnings, errors and our own words."""
    console = Console(file=sys.stderr, highlight=False, soft_wrap=True)

    def tell(name: str, line: str) -> None:
        if quiet and name != "studio" and " INFO " in f" {line} ":
            return
        text = Text(f"{name:>8} ", style=_COLOURS.get(name, "magenta"))
        console.print(text.append(printable(line), style="default"))

    return tell


def announce(ready: Ready) -> None:
    """The address and the link, where nobody can overlook them. On standard output, for whoever reads it there."""
    console = Console(highlight=False, soft_wrap=True)
    console.print()
    console.print(
        Text("  Pingvas Studio ", style="bold").append(f"is ready after {ready.seconds:.1f} s", "dim")
    )
    console.print(Text("  Open      ").append(ready.url, "bold cyan"))
    console.print(Text("  Sign in   ").append(ready.sign_in_url, "cyan").append("  (works once)", "dim"))
    console.print(Text("  Data      ").append(str(ready.data_dir)))
    if ready.metrics_url is not None:
        console.print(Text("  Metrics   ").append(ready.metrics_url))
    if not ready.models:
        console.print(Text("  There is no model in the models folder, so no picture can be made.", "yellow"))
    console.print(Text("  Ctrl-C stops everything.", "dim"))
    console.print()
    sys.stdout.flush()


def print_findings(findings: Sequence[Finding]) -> int:
    """Print what the doctor found; the exit code: 1 when something is wrong."""
    console = Console(highlight=False, soft_wrap=True)
    for finding in findings:
        mark, style = {True: ("✓", "green"), False: ("✗", "red"), None: ("–", "yellow")}[finding.well]
        console.print(
            Text(f"{mark} ", style).append(f"{finding.part:<12}", "bold").append(finding.says, "default")
        )
        if finding.remedy:
            console.print(Text(f"  {'':<11}→ {finding.remedy}", "dim"))
    return 1 if any(finding.well is False for finding in findings) else 0
