"""What `pingvas models` prints: the catalog, the outcome of a check, a bar while a model is fetched."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn
from rich.text import Text

from pingvas.launch.model_trial import OPENING

if TYPE_CHECKING:
    from pingvas.launch.models_command import Checked, Shown

_HEADS = ("NAME", "TYPE", "FOR", "SIZE", "PLANS", "ON", "WHERE")


def print_models(models: Sequence[Shown]) -> None:
    """A line for each model, in columns; lines are not wrapped, so that other programs can read them."""
    rows = [_HEADS, *(_row(model) for model in models)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADS))]
    console = Console(highlight=False, soft_wrap=True)
    for number, row in enumerate(rows):
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        console.print(Text("  ".join(cells).rstrip(), "dim" if number == 0 else "default"))


def print_checked(checked: Sequence[Checked]) -> int:
    """What was found of each model, and each file that is not what it was; the exit code: 1 when there is one."""
    console = Console(highlight=False, soft_wrap=True)
    for model, files in groupby(checked, key=lambda each: each.model):
        found = list(files)
        wrong = [each for each in found if each.wrong]
        opens = not any(each.file == OPENING for each in wrong)
        mark, style = ("✗", "red") if wrong else ("✓", "green")
        says = (
            f"{len(wrong)} of {len(found)} files are wrong" if wrong else f"{len(found)} files, all as added"
        )
        if not opens:
            says = "all files as added, and the engine cannot open it"
        console.print(Text(f"{mark} ", style).append(model, "bold").append(f"  {says}", "default"))
        for each in wrong:
            console.print(Text(f"  {each.file} {each.wrong}", "default"))
    return 1 if any(each.wrong for each in checked) else 0


@contextmanager
def fetching() -> Iterator[Callable[[int, int], None]]:
    """A bar that shows once there is something to show; call what it gives with bytes there and bytes in all."""
    columns = (TextColumn("fetching"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task("fetching", visible=False)
        yield lambda done, total: progress.update(bar, completed=done, total=total, visible=True)


def _row(model: Shown) -> tuple[str, ...]:
    return (
        model.name,
        model.kind,
        model.bases,
        _bytes(model.size_bytes),
        model.tiers,
        "on" if model.is_active else "off",
        model.where,
    )


def _bytes(size: float) -> str:
    for unit in ("B", "KiB", "MiB"):
        if size < 1024:
            return f"{size:.0f} {unit}"
        size /= 1024
    return f"{size:.1f} GiB"
