"""Files of earlier versions name the images they were made from: they are written anew, and nobody else sees them before."""

import io
import json
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import httpx
import pytest
from PIL import Image as Picture
from sqlalchemy import select, text

from pingvas.adapters.storage import ObjectMissing, open_storage
from pingvas.base.db import Database
from pingvas.base.ids import new_id
from pingvas.base.outbox import drain_deletions
from pingvas.base.settings import Settings
from pingvas.billing.plans import seed_plans
from pingvas.engine.images.image_files import CONTENT_TYPES, encode
from pingvas.engine.images.replace_notes import notes_of, replace_notes
from pingvas.gallery.named_images import texts_without_images
from pingvas.gallery.old_files import clean_file, clean_old_files
from pingvas.gallery.storage_keys import image_key
from pingvas.gallery.storage_use import find_miscounts
from pingvas.gallery.tables import Image
from pingvas.gallery.uploads import check_image
from tests.make.accounts import SignedInPerson, sign_up
from tests.make.gallery import make_image

FORMATS = ("png", "jpg", "webp")
SOURCE, MASK, STEERED_BY = (str(new_id()) for _ in range(3))
MADE: dict[str, Any] = {
    "job_type": "inpaint",
    "prompt": "한 고양이, a cat",
    "negative_prompt": "rain",
    "width": 24,
    "height": 16,
    "steps": 20,
    "cfg_scale": 4.5,
    "strength": 0.5,
    "sampler": "dpmpp_2m",
    "seed": 7,
    "model": "pingvas-mini",
    "source_image": SOURCE,
    "mask_image": MASK,
    "controlnet": [
        {
            "model": "edges",
            "preprocessor": "canny",
            "weight": 1.0,
            "start": 0.0,
            "end": 0.5,
            "image": STEERED_BY,
        }
    ],
}


def picture() -> Picture.Image:
    return Picture.effect_noise((24, 16), 60).convert("RGB")


def old_file(format: str, made: dict[str, Any] = MADE) -> bytes:
    """As it was written once: with all that was known of how it was made."""
    return encode(picture(), format, made, version="Pingvas Studio 0.1.0")


def pixels(data: bytes) -> bytes:
    with Picture.open(io.BytesIO(data)) as opened:
        return opened.convert("RGB").tobytes()


def everything_said(data: bytes) -> str:
    """Every text that can be got out of a file, whatever holds it."""
    with Picture.open(io.BytesIO(data)) as opened:
        opened.load()
        exif = opened.getexif()
        notes = [*exif.values(), *exif.get_ifd(0x8769).values(), *opened.info.values()]
    said = [data.decode("latin-1"), *notes_of(data).values()]
    for note in notes:
        if isinstance(note, bytes):
            said += [note.decode("latin-1"), note.decode("utf-16-be", "replace")]
        else:
            said.append(str(note))
    return "\n".join(said)


@pytest.mark.parametrize("format", FORMATS)
def test_a_file_is_written_anew_without_ids_and_with_the_same_pixels(format: str) -> None:
    # given
    old = old_file(format)
    assert SOURCE in everything_said(old)
    # when
    new = clean_file(old)
    # then
    assert pixels(new) == pixels(old)
    for named in (SOURCE, MASK, STEERED_BY):
        assert named not in everything_said(new)
    told = json.loads(notes_of(new)["pingvas"])
    assert told["prompt"] == MADE["prompt"]
    assert told["controlnet"][0]["model"] == "edges"
    assert notes_of(new)["parameters"] == notes_of(old)["parameters"]
    assert clean_file(new) == new


@pytest.mark.parametrize("format", FORMATS)
def test_notes_so_long_that_they_were_packed_are_cleaned_too(format: str) -> None:
    old = old_file(format, MADE | {"prompt": "달빛 " * 14_000})

    assert json.loads(notes_of(old)["pingvas"])["source_image"] == SOURCE
    assert "source_image" not in json.loads(notes_of(clean_file(old))["pingvas"])


@pytest.mark.parametrize("format", FORMATS)
def test_a_profile_stays_and_whatever_else_a_file_says_goes(format: str) -> None:
    # given: a file with a profile, and XMP that names the source
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    ours = encode(picture(), format, MADE, version="Pingvas Studio 0.1.0")
    with Picture.open(io.BytesIO(ours)) as opened:
        opened.load()
        how: dict[str, Any] = {"icc_profile": profile}
        if format == "png":
            from PIL.PngImagePlugin import PngInfo

            texts = PngInfo()
            for name, value in notes_of(ours).items():
                texts.add_itxt(name, value)
            texts.add_itxt("XML:com.adobe.xmp", f"<x>{SOURCE}</x>")
            how["pnginfo"] = texts
        else:
            how |= {"exif": opened.info["exif"], "xmp": f"<x>{SOURCE}</x>".encode()}
        if format == "webp":
            how["lossless"] = True
        buffer = io.BytesIO()
        opened.save(buffer, opened.format, **how)
    # when
    new = clean_file(buffer.getvalue())
    # then
    with Picture.open(io.BytesIO(new)) as opened:
        assert opened.info["icc_profile"] == profile
    assert pixels(new) == pixels(buffer.getvalue())
    assert SOURCE not in everything_said(new)


@pytest.mark.parametrize("format", FORMATS)
def test_a_file_that_names_nothing_stays_as_it_is(format: str) -> None:
    plain = old_file(format, {name: MADE[name] for name in ("prompt", "width", "height", "steps", "seed")})

    assert clean_file(plain) == plain
    assert len(replace_notes(plain, notes_of(plain))) == len(plain)


def test_other_texts_that_hold_an_id_go_with_it_and_ours_that_cannot_be_read() -> None:
    ours = json.dumps({"source_image": SOURCE, "prompt": "a"})
    kept = texts_without_images({"pingvas": ours, "parameters": "a cat", "workflow": f'{{"a": "{SOURCE}"}}'})

    assert kept == {"pingvas": '{"prompt":"a"}', "parameters": "a cat"}
    assert texts_without_images({"pingvas": ours[:-5], "parameters": "b"}) == {"parameters": "b"}


@pytest.mark.parametrize("format", FORMATS)
def test_an_upload_keeps_the_ids_for_its_owner_and_not_in_its_file(format: str) -> None:
    kept = check_image(old_file(format), max_side=99, max_pixels=9999)

    assert kept.parameters["source_image"] == SOURCE
    assert kept.parameters["controlnet"][0]["image"] == STEERED_BY
    assert kept.parameters["prompt"] == MADE["prompt"]
    for named in (SOURCE, MASK, STEERED_BY):
        assert named not in everything_said(kept.data)


@pytest.fixture
async def owner(client: httpx.AsyncClient, database: Database) -> SignedInPerson:
    async with database.transaction() as session:
        await seed_plans(session)
    return await sign_up(client)


async def keep(
    settings: Settings,
    database: Database,
    owner: SignedInPerson,
    data: bytes,
    format: str,
    made: dict[str, Any] = MADE,
) -> Image:
    """An unlisted image of an earlier version."""
    key = image_key(UUID(owner.user["id"]), new_id(), format).replace(".v2.", ".")
    async with database.transaction() as session:
        image = await make_image(
            session,
            UUID(owner.user["id"]),
            s3_key=key,
            format=format,
            file_size=len(data),
            visibility="unlisted",
            generation_params=made,
        )
    await open_storage(settings).put(key, data, CONTENT_TYPES[format])
    return image


@pytest.mark.parametrize("format", FORMATS)
async def test_nobody_but_its_owner_ever_gets_bytes_with_an_id(
    client: httpx.AsyncClient, database: Database, settings: Settings, owner: SignedInPerson, format: str
) -> None:
    # given: an address that its owner has passed on
    image = await keep(settings, database, owner, old_file(format), format)
    storage, at = open_storage(settings), f"/api/v1/images/{image.id}"
    passed_on = (await client.get(at, headers=owner.headers)).json()["file_url"]
    stranger = await sign_up(client)
    for path in (at, f"{at}/file"):
        refused = await client.get(path, headers=stranger.headers)
        assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")
        assert refused.headers["retry-after"] == "300"
        assert (await client.get(path)).status_code == 503
    old_etag = (await client.get(passed_on)).headers["etag"]
    # when
    counts = await clean_old_files(database, storage)
    await drain_deletions(database, storage.delete)
    # then
    assert (counts.cleaned, counts.failed) == (1, 0)
    assert (await client.get(passed_on)).status_code == 404
    shown = (await client.get(at, headers=stranger.headers)).json()
    redirect = await client.get(f"{at}/file", headers=stranger.headers)
    for address in (shown["file_url"], redirect.headers["location"]):
        file = await client.get(urlsplit(address).path + "?" + urlsplit(address).query)
        assert file.status_code == 200
        assert SOURCE not in everything_said(file.content)
        assert file.headers["etag"] != old_etag
        assert len(file.content) == shown["file_size"]
    # and the owner makes it again from the row
    recipe = await client.get(f"{at}/recipe", headers=owner.headers)
    assert recipe.json()["source_image"] == SOURCE
    async with database.read() as session:
        assert await find_miscounts(session) == []
    assert (await clean_old_files(database, storage)).cleaned == 0


async def test_a_file_that_cannot_be_read_is_left_and_the_others_are_cleaned(
    client: httpx.AsyncClient, database: Database, settings: Settings, owner: SignedInPerson
) -> None:
    # given: one that is gone, one that is damaged, one made from words alone, and a good one
    gone = await keep(settings, database, owner, old_file("png"), "png")
    storage = open_storage(settings)
    await storage.delete([gone.s3_key])
    await keep(settings, database, owner, b"no picture", "png")
    words = await keep(settings, database, owner, old_file("png"), "png", {"prompt": "a", "controlnet": []})
    good = await keep(settings, database, owner, old_file("webp"), "webp")
    # when
    counts = await clean_old_files(database, storage)
    # then
    assert (counts.cleaned, counts.failed) == (1, 2)
    async with database.read() as session:
        keys = {row.id: row.s3_key for row in await session.execute(select(Image.id, Image.s3_key))}
    assert keys[good.id] != good.s3_key
    assert (keys[gone.id], keys[words.id]) == (gone.s3_key, words.s3_key)


async def test_an_image_that_is_deleted_meanwhile_stays_deleted(
    database: Database, settings: Settings, owner: SignedInPerson
) -> None:
    # given
    image = await keep(settings, database, owner, old_file("png"), "png")
    storage = open_storage(settings)

    class Deleting:
        """The storage, where the image is deleted while its new file is written."""

        get = storage.get

        async def put(self, key: str, data: bytes, content_type: str) -> None:
            await storage.put(key, data, content_type)
            async with database.transaction() as session:
                await session.execute(text("DELETE FROM images WHERE id = :id"), {"id": image.id})

    # when
    await clean_old_files(database, Deleting())  # type: ignore[arg-type]
    await drain_deletions(database, storage.delete)
    # then: what was written for it is swept up with what no row names
    async with database.read() as session:
        assert await session.scalar(select(Image.id)) is None
    with pytest.raises(ObjectMissing):
        await storage.get(image.s3_key)


async def test_finding_them_costs_an_index_alone(database: Database) -> None:
    async with database.transaction() as session:
        await session.execute(text("SET LOCAL enable_seqscan = off"))
        plan = await session.scalars(
            text(
                "EXPLAIN SELECT id FROM images WHERE s3_key NOT LIKE '%.v2.%' AND (generation_params ? 'source_image' "
                "OR generation_params ? 'mask_image' OR jsonb_path_exists(generation_params, '$.controlnet[*].image'))"
            )
        )
        assert "ix_images_naming_files" in "\n".join(plan)
