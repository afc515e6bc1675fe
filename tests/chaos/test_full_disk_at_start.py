"""A disk that is full before anything is started: each command says so in a sentence, and the studio waits for room."""

from __future__ import annotations

import os
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from harness.running_studio import wait_for
from tests.chaos.customers import Customers
from tests.chaos.small_disk import FILL, StudioOnASmallDisk, in_a_namespace, studio_on_a_small_disk
from tests.chaos.studio_under_fire import make_models

pytestmark = pytest.mark.slow

MIGRATE = '"$2" -m pingvas.cli migrate;'


@pytest.mark.parametrize("before", ["", MIGRATE], ids=["a new folder", "a folder that has been used"])
def test_a_studio_that_finds_no_room_starts_once_there_is(tmp_path: Path, before: str) -> None:
    # given a full disk, and room after the studio has said that there is none
    said: list[str] = []

    def make_room(studio: StudioOnASmallDisk) -> None:
        wait_for(lambda: bool(studio.said("no room left on the disk")), "the studio to say that it waits")
        assert studio.running.process.poll() is None
        said.extend(studio.running.lines)
        studio.empty()

    # when
    with (
        studio_on_a_small_disk(
            tmp_path,
            lease_seconds=30.0,
            before=f"{before} {FILL}",
            while_starting=make_room,
            models_dir=make_models(tmp_path / "models"),
            worker_device="cpu",
        ) as studio,
        closing(Customers(studio.url, 1)) as people,
    ):
        # then it serves, and has said once and in a sentence what it waited for
        assert people.clients[0].get("/api/v1/me").status_code == 200
        assert len(studio.said("no room left on the disk")) == 1
        assert studio.said("Traceback") == []
    assert any("no room left on the disk" in line for line in said)


@pytest.mark.parametrize("before", ["", MIGRATE], ids=["a new folder", "a folder that has been used"])
@pytest.mark.parametrize("command", ["doctor", "migrate", "link", "worker", "models list"])
def test_a_command_on_a_full_disk_says_what_is_wrong(tmp_path: Path, before: str, command: str) -> None:
    # given
    disk = tmp_path / "disk"
    disk.mkdir()
    script = f'{before} {FILL} "$2" -m pingvas.cli {command}'
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PINGVAS_")}

    # when
    done = subprocess.run(
        in_a_namespace(disk, script),
        env=environment | {"PINGVAS_DATA_DIR": str(disk)},
        capture_output=True,
        text=True,
    )

    # then
    said = done.stdout + done.stderr
    assert "Traceback" not in said
    if command == "doctor":
        assert "✗ disk" in done.stdout
        assert "✗ storage" in done.stdout
    if done.returncode:
        assert done.returncode == 1, said
        assert any(words in said for words in ("room", "full", "There is no database")), said
