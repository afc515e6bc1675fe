"""How the benchmarks print what they measured, and on what."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Sequence


def conditions() -> str:
    """The machine in a line."""
    model = platform.processor() or platform.machine()
    cpuinfo = "/proc/cpuinfo"
    if os.path.exists(cpuinfo):  # noqa: PTH110 - one line, no Path needed
        with open(cpuinfo) as lines:  # noqa: PTH123
            model = next(
                (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), model
            )
    load = os.getloadavg()[0]
    return f"{os.cpu_count()} cores ({model}), Python {platform.python_version()}, load before {load:.1f}"


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` (0-1) of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def milliseconds(values: Sequence[float]) -> str:
    """p50 and p99 of seconds, as milliseconds."""
    return f"p50 {statistics.median(values) * 1e3:.1f} ms, p99 {percentile(values, 0.99) * 1e3:.1f} ms"


def report(question: str, rows: Sequence[tuple[str, str]]) -> None:
    """Print one benchmark's answer as a Markdown table."""
    print(f"\n## {question}\n{conditions()}\n")
    print("| | |\n|---|---|")
    for name, value in rows:
        print(f"| {name} | {value} |")
