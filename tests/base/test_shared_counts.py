"""What several processes have counted is added up, through files that are written and never mapped."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge

from pingvas.base import shared_counts
from pingvas.base.settings import REPOSITORY

PROGRAM = """
import sys
from prometheus_client import CollectorRegistry, Counter, Histogram
from pingvas.base import shared_counts
registry = CollectorRegistry()
counted = Counter("counted", "of a test", ("who",), registry=registry)
waited = Histogram("waited", "of a test", registry=registry)
with shared_counts.writing([registry]):
    counted.labels("all").inc(2)
    waited.observe(3)
    shared_counts.collect([registry])
    print(open("/proc/self/maps").read() if sys.platform == "linux" else "", end="")
    print("written", flush=True)
    for line in sys.stdin:
        counted.labels("all").inc()
        shared_counts.collect([registry])
        print("written", flush=True)
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(shared_counts.FOLDER, str(tmp_path))
    return tmp_path


@contextmanager
def counting() -> Iterator[subprocess.Popen[str]]:
    """A process that has counted two, and one more for each line that it gets."""
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        cwd=REPOSITORY,
        env=dict(os.environ),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        with process:
            yield process
    finally:
        process.kill()
        process.wait()


def until_written(process: subprocess.Popen[str]) -> list[str]:
    assert process.stdout is not None
    lines: list[str] = []
    while (line := process.stdout.readline()) != "written\n":
        assert line, "it ended"
        lines.append(line)
    return lines


def count_one(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()
    until_written(process)


def sums(own: CollectorRegistry | None = None) -> dict[str, float]:
    return {
        sample.name: sample.value
        for metric in shared_counts.collect([] if own is None else [own])
        for sample in metric.samples
        if "le" not in sample.labels
    }


def test_counts_of_processes_that_run_and_that_died_are_added_up(folder: Path) -> None:
    with counting() as killed, counting() as lives:
        # given
        until_written(killed)
        until_written(lives)

        # when
        killed.kill()
        killed.wait()
        count_one(lives)

        # then
        assert sums() == {"counted_total": 5.0, "waited_sum": 6.0, "waited_count": 2.0}
    assert sums()["counted_total"] == 5.0


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what a process has mapped")
def test_no_file_of_the_folder_is_mapped_into_a_process(folder: Path) -> None:
    with counting() as process:
        mapped = until_written(process)

        assert list(folder.iterdir())
        assert mapped
        assert [line for line in mapped if str(folder) in line] == []


def test_files_are_for_their_owner_alone(folder: Path) -> None:
    with shared_counts.writing([CollectorRegistry()]):
        shared_counts.collect([])

        assert [path.stat().st_mode & 0o777 for path in folder.iterdir()] == [0o600]


def test_a_folder_that_takes_nothing_is_told_once_and_has_all_of_it_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    # given a folder that is not there
    folder = tmp_path / "counts"
    monkeypatch.setenv(shared_counts.FOLDER, str(folder))
    registry = CollectorRegistry()
    counted = Counter("counted", "of a test", registry=registry)

    with shared_counts.writing([registry]):
        # when
        for _ in range(3):
            counted.inc()
            assert sums(registry)["counted_total"] == counted._value.get()
        told = [record.getMessage() for record in caplog.records]
        folder.mkdir()
        counted.inc()
    # then
    assert sums() == {"counted_total": 4.0}
    assert len(told) == 1
    assert "memory" in told[0]


def test_a_file_that_was_cut_off_or_is_none_of_ours_counts_nothing(folder: Path) -> None:
    # given
    registry = CollectorRegistry()
    Counter("counted", "of a test", registry=registry).inc()
    with shared_counts.writing([registry]):
        pass
    [whole] = folder.iterdir()
    (folder / "cut.json").write_bytes(whole.read_bytes()[:20])
    (folder / "empty.json").touch()

    # then
    assert sums() == {"counted_total": 1.0}


def test_a_file_is_written_again_in_place_so_that_it_needs_no_more_room(folder: Path) -> None:
    # given
    registry = CollectorRegistry()
    counted = Counter("counted", "of a test", registry=registry)
    with shared_counts.writing([registry]):
        shared_counts.collect([])
        [path] = folder.iterdir()
        before = path.stat()

        # when
        counted.inc(10**9)
        shared_counts.collect([])
        after = path.stat()

    # then
    assert (after.st_ino, after.st_size, after.st_blocks) == (before.st_ino, before.st_size, before.st_blocks)
    assert json.loads(path.read_text())["counted"][2][0][2] == 10**9


def test_of_gauges_no_sum_is_made(folder: Path) -> None:
    registry = CollectorRegistry()
    Gauge("now", "of a test", registry=registry).set(5)
    with shared_counts.writing([registry]):
        pass

    assert sums() == {}
