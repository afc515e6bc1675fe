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

@pytest.mark.xdist_group("together")
def test_first_of_a_group(): pass

@pytest.mark.xdist_group("together")
def test_second_of_a_group(): os._exit(9)

@pytest.mark.xdist_group("together")
def test_third_of_a_group(): pass
"""


@pytest.mark.slow
@pytest.mark.parametrize("processes", [1, 2])
def test_a_process_that_ends_in_a_test_costs_that_test_alone(tmp_path: Path, processes: int) -> None:
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "test_these.py").write_text(TESTS)
    (tmp_path / "pytest.ini").write_text("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    asked = ["-n", str(processes), "--dist=loadgroup", "--timeout=3", "--timeout-method=thread"]
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
    assert set(re.findall(r"FAILED test_these\.py::(\w+)", run.stdout)) == {
        "test_hangs",
        "test_takes_its_process_along",
        "test_second_of_a_group",
    }
    assert "in test_hangs" in run.stdout, "the stack of the test that hangs is shown"
