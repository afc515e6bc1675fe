"""Fetching models: over S3 (moto's server, real HTTP), once for all, going on after a kill, checked, and within a budget."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from pingvas.adapters import model_download
from pingvas.adapters.model_download import NoRoomForModel
from pingvas.adapters.model_files import ModelFiles, open_model_files
from pingvas.adapters.model_source import (
    FileFacts,
    ModelFilesDamaged,
    ModelFilesMissing,
    ModelFilesUnavailable,
    ModelSource,
    read_source,
)
from pingvas.base.settings import REPOSITORY
from tests.adapters.test_storage import files_of_at_most

WEIGHTS = bytes(range(256)) * 4096  # a mebibyte
CONFIG = b'{"_class_name": "UNet2DConditionModel"}'
FILES = {"unet/model.safetensors": WEIGHTS, "unet/config.json": CONFIG, "empty.txt": b""}

# A worker's share of the work, in a process of its own: says what it heard, and can be stopped in the middle.
WORKER = """
import asyncio, json, sys, time
from pathlib import Path
from pingvas.adapters import model_download
from pingvas.adapters.model_files import ModelFiles
from pingvas.adapters.model_source import read_source

model_download.RANGE_BYTES = 64 * 1024
folder, address, stop_at = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
source = read_source(address, {"files": json.loads(sys.argv[4])})

def hear(done, total):
    print(done, flush=True)
    if stop_at and done >= stop_at:
        time.sleep(600)

async def main():
    files = ModelFiles(folder, budget_bytes=0, storage_url="file:///nowhere")
    with await files.ensure(source, hear) as copy:
        print(copy.path, flush=True)

asyncio.run(main())
"""


def recorded(address: str, files: Mapping[str, bytes] = FILES) -> ModelSource:
    return ModelSource(
        address,
        {name: FileFacts(len(data), hashlib.sha256(data).hexdigest()) for name, data in files.items()},
    )


def put_all(address: str, files: Mapping[str, bytes] = FILES) -> None:
    """Put objects below an address, as another program would."""
    where = urlsplit(address)
    endpoint = where.query.partition("endpoint=")[2].partition("&")[0]
    for name, data in files.items():
        answer = httpx.put(f"{endpoint}/{where.netloc}{where.path}/{name}", content=data)
        assert answer.status_code == 200, answer.text


def start_worker(folder: Path, address: str, stop_at: int = 0) -> subprocess.Popen[str]:
    facts = {
        name: {"size": each.size, "sha256": each.sha256} for name, each in recorded(address).files.items()
    }
    command = [sys.executable, "-c", WORKER, str(folder), address, str(stop_at), json.dumps(facts)]
    return subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True)


@pytest.fixture
def bucket(s3_endpoint: str, s3_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of a model in a fresh bucket; the keys are in the environment, where they belong."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    address = f"s3://{urlsplit(s3_url).netloc}/models/toy?endpoint={s3_endpoint}&region=us-east-1"
    put_all(address)
    return address


@pytest.fixture
def files(tmp_path: Path) -> ModelFiles:
    return ModelFiles(tmp_path / "cache", budget_bytes=0, storage_url="file:///nowhere")


async def test_a_model_in_a_bucket_is_fetched_whole(files: ModelFiles, bucket: str) -> None:
    # when
    heard: list[int] = []
    with await files.ensure(recorded(bucket), lambda done, total: heard.append(done)) as copy:
        fetched = {
            path.relative_to(copy.path).as_posix(): path.read_bytes()
            for path in copy.path.rglob("*")
            if path.is_file()
        }

    # then
    assert fetched == FILES
    assert heard[-1] == len(WEIGHTS) + len(CONFIG)


async def test_what_is_there_is_not_fetched_again(files: ModelFiles, bucket: str) -> None:
    # given
    (await files.ensure(recorded(bucket))).close()

    # when
    heard: list[int] = []
    with await files.ensure(recorded(bucket), lambda done, total: heard.append(done)) as copy:
        there = copy.path.is_dir()

    # then
    assert there
    assert heard == []


async def test_one_file_by_its_own_address_is_a_file(files: ModelFiles, bucket: str) -> None:
    # given
    data = {"model.safetensors": WEIGHTS}
    address = bucket.replace("models/toy?", "models/toy/unet/model.safetensors?")
    source = ModelSource(address, recorded(address, data).files, single=True)

    # when
    with await files.ensure(source) as copy:
        # then
        assert copy.path.name == "model.safetensors"
        assert copy.path.read_bytes() == WEIGHTS


async def test_a_download_that_was_killed_goes_on_where_it_stopped(files: ModelFiles, bucket: str) -> None:
    # given: a process that dies with a third of the bytes
    worker = start_worker(files.folder, bucket, stop_at=len(WEIGHTS) // 3)
    assert worker.stdout is not None
    for line in worker.stdout:
        if int(line) >= len(WEIGHTS) // 3:
            break
    worker.kill()
    worker.wait()
    worker.stdout.close()
    (part,) = files.folder.rglob(f"*{model_download.PART}")
    had = part.stat().st_size

    # when
    heard: list[int] = []
    with await files.ensure(recorded(bucket), lambda done, total: heard.append(done)) as copy:
        # then
        assert (copy.path / "unet/model.safetensors").read_bytes() == WEIGHTS
    assert len(WEIGHTS) // 3 <= had < len(WEIGHTS)
    assert heard[0] == had


async def test_a_part_that_was_damaged_meanwhile_is_fetched_from_the_start(
    files: ModelFiles, bucket: str
) -> None:
    # given
    source = recorded(bucket)
    part = files.folder / f"{source.content_key}.partial" / "unet" / "model.safetensors.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(bytes(1000))

    # when
    with await files.ensure(source) as copy:
        # then
        assert (copy.path / "unet/model.safetensors").read_bytes() == WEIGHTS


async def test_two_processes_that_want_a_model_at_once_fetch_it_once(files: ModelFiles, bucket: str) -> None:
    # when
    workers = [start_worker(files.folder, bucket) for _ in range(2)]
    said = [worker.communicate()[0].splitlines() for worker in workers]

    # then
    assert [worker.returncode for worker in workers] == [0, 0]
    assert said[0][-1] == said[1][-1]  # the same folder
    assert sorted(len(lines) > 1 for lines in said) == [
        False,
        True,
    ]  # one heard of bytes, the other had only to wait


async def test_two_tasks_of_one_process_fetch_it_once(files: ModelFiles, bucket: str) -> None:
    heard: list[list[int]] = [[], []]

    copies = await asyncio.gather(
        *(files.ensure(recorded(bucket), lambda done, total, mine=mine: mine.append(done)) for mine in heard)  # type: ignore[misc]
    )
    for copy in copies:
        copy.close()

    assert sorted(map(bool, heard)) == [False, True]


async def test_bytes_of_another_hash_are_never_served(files: ModelFiles, bucket: str) -> None:
    # given: one byte in the bucket is another than was recorded
    changed = bucket.replace("models/toy", "models/changed")
    put_all(changed, FILES | {"unet/model.safetensors": b"\xff" + WEIGHTS[1:]})
    source = recorded(changed)

    # when
    with pytest.raises(ModelFilesDamaged, match="SHA-256"):
        await files.ensure(source)

    # then
    assert files.find_copy(source) is None
    assert list(files.folder.rglob("*.part")) == []


async def test_an_object_that_is_gone_or_of_another_size_is_told_so(files: ModelFiles, bucket: str) -> None:
    with pytest.raises(ModelFilesMissing, match=r"nowhere\.safetensors"):
        await files.ensure(recorded(bucket, {"nowhere.safetensors": b"x"}))
    with pytest.raises(ModelFilesDamaged, match="bytes"):
        await files.ensure(recorded(bucket, {"unet/config.json": CONFIG + b" "}))


async def test_a_bucket_that_is_away_is_unavailable(files: ModelFiles, bucket: str) -> None:
    away = bucket.partition("?")[0] + "?endpoint=http://127.0.0.1:9&region=us-east-1"

    with pytest.raises(ModelFilesUnavailable):
        await files.ensure(recorded(away))


async def test_a_full_disk_is_told_so_and_what_came_is_kept(
    files: ModelFiles, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given
    monkeypatch.setattr(model_download, "RANGE_BYTES", 64 * 1024)

    # when
    with files_of_at_most(len(WEIGHTS) // 2), pytest.raises(NoRoomForModel, match="full"):
        await files.ensure(recorded(bucket))

    # then
    (part,) = files.folder.rglob("*.part")
    assert part.stat().st_size == len(WEIGHTS) // 2
    (await files.ensure(recorded(bucket))).close()


async def test_what_was_used_longest_ago_goes_when_the_budget_is_full(tmp_path: Path) -> None:
    # given: room for two of three
    origin = tmp_path / "origin"
    sources = [model_on_disk(origin / str(number), number) for number in range(3)]
    files = ModelFiles(tmp_path / "cache", budget_bytes=2500, storage_url="file:///nowhere")
    for number, source in enumerate(sources[:2]):
        (await files.ensure(source)).close()
        os.utime(files.folder / ".locks" / source.content_key, (number + 1, number + 1))
    (await files.ensure(sources[0])).close()  # now the second is the one not used for longest

    # when
    (await files.ensure(sources[2])).close()

    # then
    assert [files.find_copy(source) is not None for source in sources] == [True, False, True]


async def test_what_is_in_use_is_never_removed(tmp_path: Path) -> None:
    # given
    sources = [model_on_disk(tmp_path / "origin" / str(number), number) for number in range(2)]
    files = ModelFiles(tmp_path / "cache", budget_bytes=1500, storage_url="file:///nowhere")
    used = await files.ensure(sources[0])

    # when
    with await files.ensure(sources[1]):
        # then
        assert used.path.is_dir()
        assert not await files.forget(sources[0])
    used.close()
    assert await files.forget(sources[0])
    assert not used.path.exists()


async def test_a_model_larger_than_the_budget_is_refused(tmp_path: Path) -> None:
    files = ModelFiles(tmp_path / "cache", budget_bytes=500, storage_url="file:///nowhere")

    with pytest.raises(NoRoomForModel, match="PINGVAS_MODEL_CACHE_BYTES"):
        await files.ensure(model_on_disk(tmp_path / "origin", 1))


async def test_a_path_is_used_where_it_is(files: ModelFiles, tmp_path: Path) -> None:
    # given
    (tmp_path / "toy.safetensors").write_bytes(WEIGHTS)
    facts = {"toy.safetensors": FileFacts(len(WEIGHTS), "0" * 64)}
    source = ModelSource(str(tmp_path / "toy.safetensors"), facts, single=True)

    # when
    with await files.ensure(source) as copy:
        # then
        assert copy.path == tmp_path / "toy.safetensors"
    assert not files.folder.exists()
    (tmp_path / "toy.safetensors").write_bytes(WEIGHTS[:-1])
    with pytest.raises(ModelFilesDamaged, match="bytes"):
        await files.ensure(source)
    (tmp_path / "toy.safetensors").unlink()
    with pytest.raises(ModelFilesMissing):
        await files.ensure(source)


async def test_a_folder_whose_hashes_nobody_knows_is_collected_with_them(
    files: ModelFiles, bucket: str
) -> None:
    # when
    source, copy = await files.collect(bucket, lambda name: name.endswith((".safetensors", ".json")))
    copy.close()

    # then
    assert source.files == {
        name: facts for name, facts in recorded(bucket).files.items() if name != "empty.txt"
    }
    assert (copy.path / "unet/config.json").read_bytes() == CONFIG
    assert [entry.key for entry in files.entries()] == [source.content_key]


@pytest.mark.parametrize("kind", ["disk", "s3"])
async def test_a_model_copied_into_the_studios_storage_is_found_there(
    kind: str, request: pytest.FixtureRequest, make_settings: Any, tmp_path: Path
) -> None:
    # given
    url = request.getfixturevalue("s3_url") if kind == "s3" else (tmp_path / "storage").as_uri()
    files = open_model_files(make_settings(storage_url=url))
    for name, data in FILES.items():
        (tmp_path / "toy" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "toy" / name).write_bytes(data)

    # when
    address = await files.upload(tmp_path / "toy", FILES, "toy", single=False)

    # then
    source = recorded(address)
    with await files.ensure(source) as copy:
        assert (copy.path / "unet/model.safetensors").read_bytes() == WEIGHTS
        assert copy.path.is_relative_to(tmp_path / "storage" if kind == "disk" else files.folder)
    await files.forget(source)
    await files.delete_uploaded(source)
    with pytest.raises(ModelFilesMissing):
        await files.ensure(source)


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "a/../../b", "", "a\\b"])
def test_names_that_leave_the_folder_are_refused(name: str) -> None:
    with pytest.raises(ModelFilesDamaged):
        read_source("s3://bucket/toy", {"files": {name: {"size": 1, "sha256": "0"}}})


def model_on_disk(folder: Path, number: int) -> ModelSource:
    """A model of 1000 bytes at a file:// address, which is fetched like one in a bucket."""
    data = {"model.safetensors": bytes([number]) * 1000}
    folder.mkdir(parents=True)
    (folder / "model.safetensors").write_bytes(data["model.safetensors"])
    return recorded(folder.as_uri(), data)
