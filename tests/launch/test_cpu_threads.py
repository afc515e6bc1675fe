"""Workers on a CPU leave their core to others while they wait, unless somebody wants it otherwise."""

from __future__ import annotations

from pathlib import Path

import pytest

from pingvas.launch.cpu_threads import let_threads_sleep

NOWHERE = (Path("/nowhere/a-card"),)


@pytest.mark.parametrize("device", ["cpu", "auto"])
def test_threads_of_a_worker_on_a_cpu_soon_sleep_while_they_wait(device: str) -> None:
    environment: dict[str, str] = {}

    let_threads_sleep(environment, device, NOWHERE)

    assert environment == {"GOMP_SPINCOUNT": "10000"}


def test_a_worker_on_a_card_is_left_alone(tmp_path: Path) -> None:
    environment: dict[str, str] = {}

    let_threads_sleep(environment, "cuda:1", NOWHERE)
    let_threads_sleep(environment, "auto", (tmp_path,))

    assert environment == {}


@pytest.mark.parametrize("name", ["OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME"])
def test_what_somebody_has_said_about_waiting_stands(name: str) -> None:
    environment = {name: "1"}

    let_threads_sleep(environment, "cpu", NOWHERE)

    assert environment == {name: "1"}
