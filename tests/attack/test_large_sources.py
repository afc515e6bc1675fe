"""A source of 8192²: it is made small before anything is worked out, and whoever brings it pays for its pixels."""

import io
import math
import sys
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import text

from harness.jobs import image_request
from harness.toy_models import make_toy_model
from pingvas.adapters.storage import open_storage
from pingvas.base.db import Database
from pingvas.engine.images.masks import fit
from pingvas.generation.pricing.large_sources import DECODED, ENCODED
from pingvas.generation.requests.submit import estimate
from tests.make.gallery import make_image
from tests.make.generation import submit_request
from tests.worker.studio import Studio, open_studio

SIDE = 8192
MIB = 1024 * 1024
# Of the source, the mask, what comes out of them, and their files: Pillow keeps four bytes of a pixel. It was 8 GB once.
BYTES_A_PIXEL = 24

linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@pytest.fixture(scope="module")
def toy_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_toy_model(tmp_path_factory.mktemp("models") / "toy")


@pytest.fixture
async def studio(make_settings: Any, database: Database, database_url: str, toy_model: Path) -> Studio:
    settings = make_settings(database_url=database_url, worker_device="cpu", worker_poll_seconds=0.1)
    return await open_studio(settings, database, toy_model)


def a_source(side: int = SIDE) -> Image.Image:
    """Fields of colours: a small file, and no two corners alike."""
    fields = np.arange(8 * 8 * 3, dtype=np.uint8).reshape(8, 8, 3)
    return Image.fromarray(fields).resize((side, side), Image.Resampling.NEAREST)


def a_mask(side: int = SIDE) -> Image.Image:
    mask = Image.new("L", (side, side))
    mask.paste(255, (side // 4, side // 4, side // 2, side // 2))
    return mask


async def keep(studio: Studio, image: Image.Image) -> UUID:
    """An image of the person, with its file."""
    data = io.BytesIO()
    image.save(data, "PNG", compress_level=1)
    async with studio.database.transaction() as session:
        row = await make_image(session, studio.person.user_id, width=image.width, height=image.height)
    await open_storage(studio.settings).put(row.s3_key, data.getvalue(), "image/png")
    return row.id


async def submit(studio: Studio, **asked: Any) -> tuple[UUID, int]:
    """The job, and the credits that are held for it, which are those of the estimate."""
    request = image_request(**{"width": 64, "height": 64, "steps": 2, "mask_blur": 0} | asked)
    async with studio.database.read() as session:
        expected = await estimate(session, studio.person, request)
    accepted = await submit_request(studio.database, studio.person, request)
    assert accepted.estimated_credits == expected.credits
    return accepted.job_ids[0], expected.credits


async def ended(studio: Studio, job_id: UUID) -> Any:
    job = await studio.becomes(job_id, "completed", "failed")
    assert job.status == "completed", job.error_message
    return job


async def result_of(studio: Studio, job_id: UUID) -> Image.Image:
    (image,) = await studio.images(job_id)
    opened = Image.open(io.BytesIO(await open_storage(studio.settings).get(image.s3_key)))
    assert opened.size == (image.width, image.height)
    return opened.convert("RGB")


def most_resident(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("no such line")


def outside_is_equal(made: Image.Image, original: Image.Image) -> bool:
    """Whether all pixels that `a_mask` does not touch are the same to the last bit, looked at in bands."""
    side = made.width
    for top in range(0, side, side // 8):
        band = (0, top, side, top + side // 8)
        kept = np.asarray(a_mask(side).crop(band)) == 0
        if not np.array_equal(np.asarray(made.crop(band))[kept], np.asarray(original.crop(band))[kept]):
            return False
    return True


@linux
async def test_a_worker_inpaints_the_largest_source_within_its_model_and_the_pixels(studio: Studio) -> None:
    # given: a worker that has made a small picture
    source, mask = await keep(studio, a_source()), await keep(studio, a_mask())
    inpaint = {"job_type": "inpaint", "source_image": source, "mask_image": mask}
    async with studio.worker_process() as worker:
        small, of_words = await submit(studio)
        await ended(studio, small)
        before = most_resident(worker.pid)
        # when
        whole, for_whole = await submit(studio, **inpaint)
        made_whole = await ended(studio, whole)
        masked, for_masked = await submit(studio, **inpaint, inpaint_area="masked")
        made_masked = await ended(studio, masked)
        after = most_resident(worker.pid)
    # then
    assert after - before < BYTES_A_PIXEL * SIDE * SIDE
    at_the_size = await result_of(studio, whole)
    assert at_the_size.size == (64, 64)
    assert outside_is_equal(at_the_size, fit(a_source(), 64, 64))
    at_its_own = await result_of(studio, masked)
    assert at_its_own.size == (SIDE, SIDE)
    assert outside_is_equal(at_its_own, a_source())
    # and it is paid by the pixels, not by the steps alone
    pixels = 2 * (SIDE * SIDE - 64 * 64) / 1e6
    assert for_whole >= of_words + DECODED * pixels
    assert for_masked >= for_whole + ENCODED * pixels / 2
    for job, held, least in (
        (made_whole, for_whole, DECODED * pixels),
        (made_masked, for_masked, (DECODED + ENCODED / 2) * pixels),
    ):
        assert job.gpu_seconds >= least
        assert job.actual_credits == min(held, math.ceil(job.gpu_seconds))
        assert job.actual_credits >= min(held, math.ceil(least))


async def test_what_a_large_source_takes_teaches_nothing_about_its_model(studio: Studio) -> None:
    # given
    source = await keep(studio, a_source(2048))
    # when
    async with studio.worker():
        for seed in range(3):
            job_id, _ = await submit(studio, job_type="img2img", source_image=source, strength=1.0, seed=seed)
            await ended(studio, job_id)
    # then
    async with studio.database.read() as session:
        assert await session.scalar(text("SELECT count(*) FROM model_speeds")) == 0
