"""`pingvas models add` opens a model before it takes it, and `verify` opens those that it took: nothing fails later."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file, save_file
from sqlalchemy import text
from typer.testing import CliRunner

from harness.catalog import UPSCALER, make_model
from harness.toy_models import make_toy_model, toy_vae
from pingvas.adapters.model_files import open_model_files
from pingvas.base.db import Database
from pingvas.base.errors import Invalid
from pingvas.base.settings import Settings
from pingvas.catalog import contents
from pingvas.cli import app
from pingvas.launch.models_command import ModelToAdd, add, list_models, verify
from tests.make.single_files import write_single_file
from tests.make.toy_controls import make_toy_control
from tests.make.toy_upscalers import make_compact, make_esrgan


def nobody(done: int, total: int) -> None:
    """Nobody looks on."""


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_toy_model(tmp_path_factory.mktemp("models") / "toy")


def lose(file: Path, start: str) -> Path:
    save_file(
        {name: value.clone() for name, value in load_file(file).items() if not name.startswith(start)}, file
    )
    return file


async def test_what_the_engine_cannot_open_is_refused_before_anything_is_read_or_kept(
    settings: Settings, toy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given
    hashed: list[Path] = []

    def note(path: Path, size: int, mtime_ns: int) -> str:
        hashed.append(path)
        return "0" * 64

    monkeypatch.setattr(contents, "_hash_once", note)
    file = write_single_file(toy, tmp_path / "model.safetensors", family="sd1")
    lose(file, "model.diffusion_model.middle_block.1.proj_in.")
    folder = Path(shutil.copytree(toy, tmp_path / "folder"))
    lose(folder / "unet" / "diffusion_pytorch_model.safetensors", "conv_out.")
    restorer = make_compact(tmp_path / "clean.safetensors", scale=1)

    # then
    for new, why in (
        (ModelToAdd(str(file), components=str(toy)), "its U-Net lacks 2 of"),
        (ModelToAdd(str(folder)), "its unet lacks 2 of"),
        (ModelToAdd(folder.as_uri()), "folder is not whole: its unet lacks 2 of"),
        (ModelToAdd(str(restorer)), "restores pictures"),
        (ModelToAdd(str(folder), copy_to_storage=True), "lacks 2 of"),
    ):
        with pytest.raises(Invalid, match=why):
            await add(settings, new, nobody)
    assert await list_models(settings) == []
    assert hashed == []
    assert open_model_files(settings).entries() == []


async def test_a_file_under_the_shorter_name_is_taken_and_used(
    settings: Settings, database: Database, tmp_path: Path
) -> None:
    file = make_esrgan(tmp_path / "grow.safetensors").rename(tmp_path / "grow.sft")

    await add(settings, ModelToAdd(str(file)), nobody)

    async with database.read() as session:
        scale = await session.scalar(text("SELECT config -> 'scale' FROM ai_models WHERE name = 'grow'"))
    assert scale == 4
    assert {each.wrong for each in await verify(settings, "grow")} == {None}


async def test_a_part_must_fit_a_model_of_its_base_that_is_there(
    settings: Settings, toy: Path, tmp_path: Path
) -> None:
    # given: a model whose sizes are its own, and parts for one that is built in another way
    await add(settings, ModelToAdd(str(toy), name="mini"), nobody)
    wider = make_toy_model(tmp_path / "wider", width=24)
    fitting = make_toy_control(toy, tmp_path / "fitting")
    strange = make_toy_control(wider, tmp_path / "strange")
    toy_vae().save_pretrained(tmp_path / "vae")
    toy_vae(factor=4).save_pretrained(tmp_path / "other-vae")

    # when
    await add(settings, ModelToAdd(str(fitting), base="mini"), nobody)
    await add(settings, ModelToAdd(str(tmp_path / "vae"), base="mini"), nobody)

    # then
    with pytest.raises(Invalid, match="strange does not fit"):
        await add(settings, ModelToAdd(str(strange), base="mini"), nobody)
    with pytest.raises(Invalid, match="other-vae does not fit"):
        await add(settings, ModelToAdd(str(tmp_path / "other-vae"), base="mini"), nobody)


async def test_what_is_as_it_was_added_and_cannot_be_opened_is_said_by_verify(
    settings: Settings, database: Database, tmp_path: Path
) -> None:
    # given: taken by a version that knew less
    assert settings.database_url is not None
    file = make_compact(tmp_path / "clean.safetensors", scale=1)
    config: dict[str, Any] = UPSCALER | {"files": contents.hash_files(file), "layout": "file"}
    async with database.transaction() as session:
        await make_model(session, name="clean", path=str(file), config=config)

    # when
    environment = {"PINGVAS_DATABASE_URL": settings.database_url, "PINGVAS_DATA_DIR": str(tmp_path / "data")}
    done = await asyncio.to_thread(CliRunner().invoke, app, ["models", "verify"], env=environment)

    # then
    assert done.exit_code == 1, done.output
    assert "the engine cannot open it" in done.output
    assert "it restores pictures" in done.output
