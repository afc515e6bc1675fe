"""What a worker makes says that AI made it, as the operator has chosen."""

from __future__ import annotations

import io
from typing import Any
from uuid import UUID

import pytest
from PIL import Image, ImageChops

from pingvas.adapters.storage import open_storage
from pingvas.engine.images.credentials import read_manifest
from pingvas.engine.images.image_files import read_parameters
from pingvas.engine.images.invisible_mark import read_mark
from pingvas.engine.images.labels import MADE, MADE_FROM_A_PICTURE, label_of
from pingvas.gallery.content_credentials import FILE, BadCredentials
from tests.make.gallery import make_image
from tests.worker.studio import Studio


async def made(studio: Studio, **asked: Any) -> tuple[bytes, Any]:
    async with studio.worker():
        job_id = await studio.submit(**asked)
        job = await studio.becomes(job_id, "completed", "failed")
    assert job.status == "completed", job.error_message
    (image,) = await studio.images(job_id)
    return await open_storage(studio.settings).get(image.s3_key), image


async def keep(studio: Studio, image: Image.Image) -> UUID:
    """A picture in the gallery."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    size = {"width": image.width, "height": image.height, "file_size": len(buffer.getvalue())}
    async with studio.database.transaction() as session:
        kept = await make_image(session, studio.person.user_id, **size)
    await open_storage(studio.settings).put(kept.s3_key, buffer.getvalue(), "image/png", durable=False)
    return kept.id


def choose(studio: Studio, **settings: Any) -> None:
    studio.settings = studio.settings.model_copy(update=settings)


async def test_a_picture_has_the_label_and_nothing_signed_out_of_the_box(studio: Studio) -> None:
    data, _ = await made(studio)

    assert label_of(data) == MADE
    assert read_manifest(data) is None
    assert not (studio.settings.data_dir / FILE).exists()


async def test_an_operator_may_do_without_the_label(studio: Studio) -> None:
    choose(studio, ai_label="off")

    data, _ = await made(studio)

    assert label_of(data) is None


@pytest.mark.parametrize("format", ["png", "jpg", "webp"])
async def test_a_picture_is_signed_and_marked_and_says_how_it_was_made(studio: Studio, format: str) -> None:
    choose(studio, content_credentials="self_signed", invisible_mark="on", invisible_mark_id=513)

    data, image = await made(studio, format=format, width=256, height=256)

    manifest, seen = read_manifest(data), read_mark(Image.open(io.BytesIO(data)))
    assert manifest is not None
    assert manifest.intact
    assert manifest.actions == (("c2pa.created", MADE),)
    assert seen is not None
    assert seen.operator_id == 513
    assert read_parameters(data) == image.generation_params
    assert image.file_size == len(data)


async def test_what_is_inpainted_is_signed_and_its_other_pixels_stay_as_they_were(studio: Studio) -> None:
    choose(studio, content_credentials="self_signed", invisible_mark="on")
    first, source = await made(studio, width=128, height=128)
    mask = Image.new("L", (128, 128), 0)
    mask.paste(255, (32, 32, 96, 96))
    mask_id = await keep(studio, mask)

    data, _ = await made(
        studio,
        job_type="inpaint",
        width=128,
        height=128,
        source_image=str(source.id),
        mask_image=str(mask_id),
        mask_blur=0,
        strength=0.9,
    )

    before, after = (Image.open(io.BytesIO(each)).convert("RGB") for each in (first, data))
    apart = ImageChops.difference(before, after)
    apart.paste((0, 0, 0), mask=mask)
    assert apart.getbbox() is None
    assert label_of(data) == MADE_FROM_A_PICTURE
    manifest = read_manifest(data)
    assert manifest is not None
    assert manifest.actions == (("c2pa.opened", ""), ("c2pa.edited", MADE_FROM_A_PICTURE))


async def test_a_worker_with_a_bad_certificate_does_not_start(studio: Studio) -> None:
    choose(studio, content_credentials="certificate")

    with pytest.raises(BadCredentials, match="name its file in PINGVAS_CONTENT_CREDENTIALS_CERTIFICATE"):
        async with studio.worker():
            pass  # it has ended by itself
