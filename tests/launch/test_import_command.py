"""`pingvas import` as a command of its own process."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

from PIL import Image as Picture
from PIL.PngImagePlugin import PngInfo
from sqlalchemy import select

from pingvas.base.db import Database
from pingvas.base.settings import Settings
from pingvas.gallery.tables import Image
from pingvas.launch.seed import get_owner_id, seed


async def test_the_command_takes_a_folder_into_the_owners_gallery(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    # given
    folder = tmp_path / "pictures"
    folder.mkdir()
    await seed(database, settings)
    notes = PngInfo()
    notes.add_text("parameters", "a red house\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 42")
    Picture.new("RGB", (64, 64), "red").save(folder / "a.png", pnginfo=notes)
    (folder / "b.png").write_text("no picture")
    assert settings.database_url is not None
    told = {"PINGVAS_DATABASE_URL": settings.database_url, "PINGVAS_DATA_DIR": str(settings.data_dir)}

    async def run() -> tuple[int | None, str]:
        command = [sys.executable, "-m", "pingvas.cli", "import", str(folder)]
        process = await asyncio.create_subprocess_exec(
            *command, stdout=PIPE, stderr=PIPE, env=os.environ | told
        )
        out, _ = await process.communicate()
        return process.returncode, out.decode()

    # when
    first, again = await run(), await run()

    # then
    assert first == (1, "1 imported, 0 there already, 1 refused\n")
    assert again == (1, "0 imported, 1 there already, 1 refused\n")
    async with database.read() as session:
        prompts = select(Image.generation_params["prompt"].astext).where(
            Image.user_id == await get_owner_id(session)
        )
        assert list(await session.scalars(prompts)) == ["a red house"]
