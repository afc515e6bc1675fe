"""The run of the tests itself: a test that hangs or takes its process along is named, and all others run."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from pingvas.base.settings import REPOSITORY

CONFTEST = """
import pytest
from tests.scheduling import SchedulingThatGoesOn

@pytest.hookimpl
def pytest_xdist_make_scheduler(config, log):
    return SchedulingThatGoesOn(config, log)
"""
TESTS = """
import os, time, pytest

@pytest.mark.parametrize("number", range(6))
def test_before(number): pass

def test_hangs(): time.sleep(600)

def test_takes_its_process_along(): os._exit(9)

@pytest.mark.parametrize("number", range(6))
def test_behind(number): pass
"""
MORE = """
import os

def test_first_of_more(): pass

def test_second_of_more(): os._exit(9)

def test_third_of_more(): pass
"""
WHERE = """
import os
from pathlib import Path
import pytest

@pytest.mark.parametrize("number", range(4))
def test_where(number):
    with Path(os.environ["SEEN"]).open("a") as seen:
        seen.write(f"{os.environ['PYTEST_XDIST_WORKER']} {Path(__file__).parent.name}/{Path(__file__).name}\\n")
"""


@pytest.mark.slow
@pytest.mark.parametrize("processes", [1, 2])
def test_a_process_that_ends_in_a_test_costs_that_test_alone(tmp_path: Path, processes: int) -> None:
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "test_these.py").write_text(TESTS)
    (tmp_path / "test_more.py").write_text(MORE)
    (tmp_path / "pytest.ini").write_text("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    asked = ["-n", str(processes), "--dist=loadfile", "--timeout=3", "--timeout-method=thread"]
    plain = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}

    run = subprocess.run(
        [sys.executable, "-m", "pytest", *asked, "-o", "faulthandler_timeout=1"],
        cwd=tmp_path,
        env=plain | {"PYTHONPATH": str(REPOSITORY)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )

    assert "3 failed, 14 passed" in run.stdout, run.stdout
    assert set(re.findall(r"FAILED test_\w+\.py::(\w+)", run.stdout)) == {
        "test_hangs",
        "test_takes_its_process_along",
        "test_second_of_more",
    }
    assert "in test_hangs" in run.stdout, "the stack of the test that hangs is shown"


@pytest.mark.slow
def test_a_file_stays_in_one_process_and_so_do_folders_that_share_a_studio(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "pytest.ini").write_text("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    for file in (
        "tests/chaos/test_one.py",
        "tests/chaos/test_two.py",
        "tests/api/test_one.py",
        "tests/api/test_two.py",
    ):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(WHERE)
    plain = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    seen = tmp_path / "seen"

    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-n", "2", "--dist=loadfile", "--import-mode=importlib"],
        cwd=tmp_path,
        env=plain | {"PYTHONPATH": str(REPOSITORY), "SEEN": str(seen)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert "16 passed" in run.stdout, run.stdout
    pairs = {tuple(line.split()) for line in seen.read_text().splitlines()}
    assert len({place for _, place in pairs}) == 4
    assert len(pairs) == 4, "no file was in two processes"
    assert len({process for process, place in pairs if place.startswith("chaos/")}) == 1
