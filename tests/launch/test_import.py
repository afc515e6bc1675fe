"""`pingvas import`: folders of other programs become a gallery, once, with their dates, and from wherever it was stopped."""

import io
import json
import os
import sqlite3
import zipfile
from collections.abc import Awaitable, Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image as Picture
from PIL.PngImagePlugin import PngInfo
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.accounts.actor import Actor
from pingvas.adapters.storage import open_storage
from pingvas.base.db import Database
from pingvas.base.settings import Settings
from pingvas.billing.plans import seed_plans
from pingvas.gallery.import_folder import NoFolder, find_pictures
from pingvas.gallery.import_invokeai import NotReadable
from pingvas.gallery.import_pictures import Imported, Importer
from pingvas.gallery.library import tags_of
from pingvas.gallery.storage_use import StorageExceeded
from pingvas.gallery.tables import Collection, CollectionImage, Image
from pingvas.gallery.trash import delete_for_good
from tests.make.accounts import make_user, sign_up

INFOTEXT = (
    "a red house\nNegative prompt: blurry\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 42, Size: 64x64"
)
Take = Callable[..., Awaitable[list[Imported]]]


def picture(path: Path, colour: str, *, infotext: str | None = None, year: int = 2024) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    notes = PngInfo()
    if infotext is not None:
        notes.add_text("parameters", infotext)
    Picture.new("RGB", (64, 64), colour).save(path, "PNG", pnginfo=notes)
    moment = datetime(year, 5, 6, 7, 8, 9, tzinfo=UTC).timestamp()
    os.utime(path, (moment, moment))
    return path


@pytest.fixture
async def person(database: Database) -> Actor:
    async with database.transaction() as session:
        return Actor((await make_user(session)).id, "user", None)


@pytest.fixture
def take(database: Database, settings: Settings, person: Actor) -> Take:
    """Import a folder; `room`: bytes of storage that the person has."""

    async def run(folder: Path, *, room: int = 10**9, most: int | None = None, **how: Any) -> list[Imported]:
        async def quota(session: AsyncSession) -> int:
            return room

        importer = Importer(database, open_storage(settings), settings, person, quota, decoders=2)
        done = []
        running = importer.run(find_pictures(folder, **how))
        async for each in running:
            done.append(each)
            if len(done) == most:
                await running.aclose()
                break
        return done

    return run


async def kept(database: Database, person: Actor) -> list[Image]:
    async with database.read() as session:
        mine = select(Image).where(Image.user_id == person.user_id).order_by(Image.created_at, Image.id)
        return list((await session.scalars(mine)).all())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the pictures lie; what the studio keeps lies beside it."""
    made = tmp_path / "pictures"
    made.mkdir()
    return made


def outcomes(done: list[Imported]) -> dict[str, str]:
    return {each.path.name: str(each.outcome) for each in done}


async def test_a_folder_of_pictures_keeps_its_dates_and_how_they_were_made(
    database: Database, person: Actor, take: Take, folder: Path
) -> None:
    # given
    picture(folder / "txt2img-images" / "2024-05-06" / "00001.png", "red", infotext=INFOTEXT)
    picture(folder / "extras-images" / "plain.PNG", "blue", year=2025)

    # when
    done = await take(folder)

    # then
    assert outcomes(done) == {"00001.png": "kept", "plain.PNG": "kept"}
    first, second = await kept(database, person)
    assert first.created_at == datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
    assert (first.generation_params["prompt"], first.generation_params["seed"]) == ("a red house", 42)
    assert (second.created_at.year, second.visibility, second.job_id) == (2025, "private", None)


async def test_a_text_beside_a_picture_that_says_nothing_is_read_and_written_into_the_kept_file(
    database: Database, settings: Settings, person: Actor, take: Take, folder: Path
) -> None:
    # given
    picture(folder / "a.png", "red")
    (folder / "a.txt").write_text(INFOTEXT)
    picture(folder / "b.png", "blue")
    (folder / "b.txt").write_text("notes of mine")

    # when
    await take(folder)

    # then
    prompts = {image.generation_params.get("prompt"): image for image in await kept(database, person)}
    assert prompts.keys() == {"a red house", None}
    with Picture.open(io.BytesIO(await open_storage(settings).get(prompts["a red house"].s3_key))) as file:
        assert file.info["parameters"] == INFOTEXT


async def test_the_same_files_come_once_and_what_was_deleted_comes_again(
    database: Database, person: Actor, take: Take, folder: Path
) -> None:
    # given
    picture(folder / "a.png", "red")
    picture(folder / "b.png", "blue")
    (folder / "copy").mkdir()
    (folder / "copy" / "a.png").write_bytes((folder / "a.png").read_bytes())
    first = await take(folder)

    # when
    again = await take(folder)
    async with database.transaction() as session:
        await delete_for_good(session, person, (await kept(database, person))[0].id)
    after = await take(folder)

    # then
    assert sorted(str(each.outcome) for each in first) == ["kept", "kept", "there"]
    assert {str(each.outcome) for each in again} == {"there"}
    assert sorted(str(each.outcome) for each in after).count("kept") == 1
    assert len(await kept(database, person)) == 2


async def test_an_import_that_was_stopped_goes_on(
    database: Database, person: Actor, take: Take, folder: Path
) -> None:
    for n in range(12):
        picture(folder / f"{n:02}.png", f"#0000{n:02x}")

    stopped = await take(folder, most=4)
    rest = await take(folder)

    assert len(stopped) == 4
    assert len(rest) == 12
    assert len(await kept(database, person)) == 12


async def test_what_is_no_picture_is_refused_with_its_reason_and_the_rest_goes_on(
    database: Database, person: Actor, take: Take, folder: Path
) -> None:
    # given
    good = picture(folder / "good.png", "red")
    (folder / "cut.png").write_bytes(good.read_bytes()[:60])
    (folder / "text.jpg").write_text("not at all")
    (folder / "notes.md").write_text("nobody asks for this one")
    (folder / ".hidden.png").write_bytes(good.read_bytes())
    (folder / "elsewhere.png").symlink_to(good)

    # when
    done = await take(folder)

    # then
    assert outcomes(done) == {"good.png": "kept", "cut.png": "refused", "text.jpg": "refused"}
    assert all(each.reason for each in done if each.outcome == "refused")


async def test_what_no_longer_fits_ends_it_and_what_did_stays(
    database: Database, person: Actor, take: Take, folder: Path
) -> None:
    # given
    picture(folder / "a.png", "red")
    await take(folder)
    [first] = await kept(database, person)
    picture(folder / "b.png", "blue")

    # when
    with pytest.raises(StorageExceeded):
        await take(folder, room=first.file_size + 1)

    # then
    assert [image.id for image in await kept(database, person)] == [first.id]


def invokeai(root: Path, rows: list[tuple[Any, ...]], *, columns: str = "") -> None:
    (root / "databases").mkdir(parents=True)
    with closing(sqlite3.connect(root / "databases" / "invokeai.db")) as connection, connection:
        connection.execute(
            "CREATE TABLE images (image_name TEXT, image_category TEXT, is_intermediate BOOLEAN, created_at DATETIME, "
            f"starred BOOLEAN{columns})"
        )
        connection.execute("CREATE TABLE boards (board_id TEXT, board_name TEXT)")
        connection.execute("CREATE TABLE board_images (board_id TEXT, image_name TEXT)")
        connection.execute("INSERT INTO boards VALUES ('1', 'Houses')")
        connection.execute("INSERT INTO board_images VALUES ('1', 'a.png')")
        marks = ", ".join("?" * len(rows[0]))
        connection.executemany(f"INSERT INTO images VALUES ({marks})", rows)


async def test_a_folder_of_invokeai_comes_with_its_boards_and_stars(
    database: Database, person: Actor, take: Take, folder: Path
) -> None:
    # given
    for name, colour in (("a.png", "red"), ("b.png", "blue"), ("mask.png", "white"), ("step.png", "grey")):
        picture(folder / "outputs" / "images" / name, colour)
    picture(folder / "outputs" / "images" / "thumbnails" / "a.webp", "red")
    made = "2025-01-02 03:04:05.678"
    invokeai(
        folder,
        [
            ("a.png", "general", False, made, True),
            ("b.png", "user", False, made, False),
            ("mask.png", "mask", False, made, False),
            ("step.png", "general", True, made, False),
            ("gone.png", "general", False, made, False),
            ("../../../etc/passwd", "general", False, made, False),
        ],
    )

    # when
    done = await take(folder)

    # then
    assert outcomes(done) == {"a.png": "kept", "b.png": "kept"}
    async with database.read() as session:
        boards = select(Collection.name, Image.is_favorite, Image.created_at).join_from(
            Collection, CollectionImage, CollectionImage.collection_id == Collection.id
        )
        [row] = (await session.execute(boards.join(Image, Image.id == CollectionImage.image_id))).all()
    assert row == ("Houses", True, datetime(2025, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC))


def test_newer_databases_of_invokeai_keep_their_pictures_in_folders(folder: Path) -> None:
    picture(folder / "outputs" / "images" / "2026" / "05" / "a.png", "red")
    invokeai(
        folder,
        [
            ("a.png", "general", False, "2026-01-01", False, "2026/05"),
            ("b.png", "general", False, "x", False, None),
        ],
        columns=", image_subfolder TEXT",
    )

    assert [found.path.name for found in find_pictures(folder)] == ["a.png"]


def test_a_database_that_is_none_of_invokeais_is_named(folder: Path) -> None:
    (folder / "invokeai.db").write_bytes(b"not a database at all" * 100)

    with pytest.raises(NotReadable, match=r"invokeai\.db"):
        list(find_pictures(folder))


def test_a_studio_takes_in_nothing_that_it_keeps_itself(folder: Path) -> None:
    picture(folder / "a.png", "red")
    picture(folder / "data" / "storage" / "images" / "b.png", "blue")

    found = find_pictures(folder, without=[folder / "data"])

    assert [each.path.name for each in found] == ["a.png"]


def test_a_folder_that_is_not_there_is_named(folder: Path) -> None:
    with pytest.raises(NoFolder, match="nowhere is no folder"):
        list(find_pictures(folder / "nowhere"))


async def test_folders_become_collections_where_that_is_asked_for(
    database: Database, person: Actor, take: Take, folder: Path
) -> None:
    picture(folder / "Cats" / "a.png", "red")
    picture(folder / "Cats" / "b.png", "blue")
    picture(folder / "c.png", "green")

    await take(folder, folders_as_collections=True)

    async with database.read() as session:
        names = select(Collection.name).join(CollectionImage, CollectionImage.collection_id == Collection.id)
        assert list((await session.scalars(names)).all()) == ["Cats", "Cats"]
        assert len((await session.scalars(select(Collection))).all()) == 1


async def test_an_archive_of_ours_comes_back_with_everything(
    database: Database, person: Actor, take: Take, folder: Path
) -> None:
    # given
    picture(folder / "images" / "1.png", "red", infotext=INFOTEXT)
    line = {
        "file": "images/1.png",
        "created_at": "2023-02-03T04:05:06+00:00",
        "is_favorite": True,
        "tags": ["고양이", "Sea"],
        "collections": ["Trip"],
    }
    lines = [json.dumps(line), "not json", json.dumps({"file": "../outside.png"}), json.dumps([1])]
    (folder / "images.jsonl").write_text("\n".join(lines))

    # when
    done = await take(folder)

    # then
    assert outcomes(done) == {"1.png": "kept"}
    [image] = await kept(database, person)
    assert (image.created_at.year, image.is_favorite) == (2023, True)
    async with database.read() as session:
        assert (await tags_of(session, [image.id]))[image.id] == ["sea", "고양이"]
        assert await session.scalar(select(Collection.name)) == "Trip"


async def test_the_file_with_everything_about_a_person_is_one_too(folder: Path) -> None:
    picture(folder / "images" / "1.png", "red")
    (folder / "images" / "images.jsonl").write_text(json.dumps({"id": "1", "file": "images/1.png"}))
    (folder / "images" / "collections.jsonl").write_text(json.dumps({"name": "Trip", "images": ["1"]}))

    [found] = find_pictures(folder)

    assert found.collections == ("Trip",)


def unpacked(data: bytes, folder: Path) -> Path:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        archive.extractall(folder)
    return folder


async def test_what_is_packed_in_one_studio_is_taken_in_by_another(
    client: httpx.AsyncClient, database: Database, person: Actor, take: Take, folder: Path
) -> None:
    # given
    async with database.transaction() as session:
        await seed_plans(session)
    owner = await sign_up(client)
    file = picture(folder / "a.png", "red", infotext=INFOTEXT).read_bytes()
    image = (await client.post("/api/v1/images", files={"file": file}, headers=owner.headers)).json()
    await client.patch(f"/api/v1/images/{image['id']}", json={"tags": ["sea"]}, headers=owner.headers)
    asked = await client.post(
        "/api/v1/images/archives", json={"of": "filter", "filter": {}}, headers=owner.headers
    )

    # when
    await take(unpacked((await client.get(asked.json()["url"])).content, folder / "unpacked"))

    # then
    [mine] = await kept(database, person)
    assert mine.generation_params["prompt"] == "a red house"
    assert mine.created_at == datetime.fromisoformat(image["created_at"])
    async with database.read() as session:
        assert (await tags_of(session, [mine.id]))[mine.id] == ["sea"]
