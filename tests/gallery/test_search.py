"""Finding images by words: Korean and English, tags and collections, what is quoted and what is left out."""

from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from pingvas.accounts.actor import Actor
from pingvas.base.db import Database
from pingvas.base.errors import Invalid
from pingvas.base.pages import PageRequest
from pingvas.gallery.collections import add_images, change_collection, create_collection, remove_image
from pingvas.gallery.fill_search import make_old_images_searchable
from pingvas.gallery.library import ImageChanges, ImageFilter, change_image, list_images
from pingvas.gallery.search import MAX_TERMS, Term, read_terms
from pingvas.gallery.tables import Image
from pingvas.gallery.tag_list import list_tags
from pingvas.gallery.tags import delete_tag, rename_tag
from pingvas.gallery.trash import delete_for_good, move_to_trash, restore_image
from tests.make.accounts import make_user
from tests.make.gallery import make_image

KEY = b"k" * 32


@pytest.fixture
async def actor(session: AsyncSession) -> Actor:
    user = await make_user(session)
    return Actor(user.id, "user", None)


async def found(session: AsyncSession, actor: Actor, q: str, **filter: object) -> list[UUID]:
    page = await list_images(session, actor, ImageFilter(q=q, **filter), PageRequest(KEY, 100))  # type: ignore[arg-type]
    return [image.id for image in page.items]


async def made(session: AsyncSession, actor: Actor, prompt: str, **more: object) -> Image:
    return await make_image(session, actor.user_id, generation_params={"prompt": prompt, **more})


async def finds(session: AsyncSession, actor: Actor, image: Image, q: str) -> bool:
    return image.id in await found(session, actor, q)


def test_what_is_typed_is_read_word_by_word() -> None:
    assert read_terms('red -"blue sky" -dog "to the end') == [
        Term("red"),
        Term("blue sky", is_phrase=True, is_excluded=True),
        Term("dog", is_excluded=True),
        Term("to the end", is_phrase=True),
    ]
    assert read_terms('  "" ') == []


def test_a_search_of_too_many_words_is_refused() -> None:
    with pytest.raises(Invalid) as refused:
        read_terms("word " * (MAX_TERMS + 1))

    assert [error.name for error in refused.value.errors] == ["q"]


@pytest.mark.parametrize(
    ("prompt", "typed"),
    [
        ("A red HOUSE by the sea", "house"),
        ("A red house by the sea", "hou sea"),
        ("A red house by the sea", "RED"),
        ("a well-lit room", "well-li"),
        ("눈 덮인 고양이가 앉아 있다", "고양이"),
        ("눈 덮인 고양이가 앉아 있다", "양이"),
        ("눈 덮인 고양이가 앉아 있다", "눈"),
        ("눈 덮인 고양이가 앉아 있다", "이가 앉"),
        ("고양이", "이"),
        ("고양이", "고양이"),  # decomposed, as macOS names files
        ("夕焼けの富士山", "富士"),
        ("a cat🐱고양이 4k", "고양이 4k cat"),
        ("ＦＵＬＬ width", "full"),
    ],
)
async def test_words_are_found_whole_and_in_part(
    session: AsyncSession, actor: Actor, prompt: str, typed: str
) -> None:
    image = await made(session, actor, prompt)

    assert await finds(session, actor, image, typed)


@pytest.mark.parametrize(
    ("prompt", "typed"),
    [
        ("a red house", "ouse"),
        ("고양이", "고이"),
        ("a red house", "red dog"),
        ("a red house", "house -red"),
        ("a big red house", '"big house"'),
        ("a red house", '"red hou"'),
        ("빨간 고양이 집", '"빨간 집"'),
        ("빨간 고양이 집", "고양이 -빨간"),
    ],
)
async def test_what_is_not_there_or_left_out_is_not_found(
    session: AsyncSession, actor: Actor, prompt: str, typed: str
) -> None:
    image = await made(session, actor, prompt)

    assert not await finds(session, actor, image, typed)


@pytest.mark.parametrize("typed", ['"big red house"', '"빨간 고양이 집"', '"고양이 집"', '"red house" 집'])
async def test_what_is_quoted_follows_each_other(session: AsyncSession, actor: Actor, typed: str) -> None:
    image = await made(session, actor, "a big red house, 빨간 고양이 집")

    assert await finds(session, actor, image, typed)


async def test_what_is_only_left_out_leaves_all_else(session: AsyncSession, actor: Actor) -> None:
    await made(session, actor, "a red house")
    blue = await made(session, actor, "a blue house")

    assert await found(session, actor, "-red") == [blue.id]


async def test_signs_alone_ask_for_nothing(session: AsyncSession, actor: Actor) -> None:
    image = await made(session, actor, "a red house")

    for typed in ("-", "!!!", "''", "\\", "' | '"):
        assert await found(session, actor, typed) == [image.id], typed


async def test_negative_and_resolved_prompts_are_found_but_no_phrase_goes_from_one_into_the_other(
    session: AsyncSession, actor: Actor
) -> None:
    image = await made(
        session, actor, "a {red|blue} house", resolved_prompt="a blue house", negative_prompt="blurry"
    )

    assert await finds(session, actor, image, "blurry")
    assert await finds(session, actor, image, '"blue house"')
    assert not await finds(session, actor, image, '"house blurry"')


async def test_nobody_finds_what_somebody_else_wrote(session: AsyncSession, actor: Actor) -> None:
    other = await make_user(session)
    await make_image(session, other.id, visibility="public", generation_params={"prompt": "a red house"})

    assert await found(session, actor, "house") == []
    assert await found(session, actor, "-dog") == []


async def test_tags_are_found_by_any_part_and_by_initial_consonants(
    session: AsyncSession, actor: Actor
) -> None:
    image = await made(session, actor, "a red house")
    await change_image(session, actor, image.id, ImageChanges(tags=["고양이", "lighthouse keeper"]))

    for typed in ("고양이", "고야", "ㄱㅇㅇ", "thouse", '"house keeper"', "ㄱㅇㅇ red"):
        assert await finds(session, actor, image, typed), typed
    assert not await finds(session, actor, image, "red -ㄱㅇㅇ")


async def test_a_tag_that_is_called_something_else_is_found_by_its_new_name_alone(
    session: AsyncSession, actor: Actor
) -> None:
    image = await made(session, actor, "")
    await change_image(session, actor, image.id, ImageChanges(tags=["dog"]))
    (tag,) = (await list_tags(session, actor, "", PageRequest(KEY))).items
    before = await document(session, image)

    await rename_tag(session, actor, tag.id, "wolf")

    assert await finds(session, actor, image, "wolf")
    assert not await finds(session, actor, image, "dog")
    assert await document(session, image) == before


async def test_tags_that_became_one_are_found_as_one_and_a_tag_taken_off_no_more(
    session: AsyncSession, actor: Actor
) -> None:
    both, one = [await made(session, actor, "") for _ in range(2)]
    await change_image(session, actor, both.id, ImageChanges(tags=["dog", "wolf"]))
    await change_image(session, actor, one.id, ImageChanges(tags=["dog"]))
    tags = {tag.name: tag.id for tag in (await list_tags(session, actor, "", PageRequest(KEY))).items}

    await rename_tag(session, actor, tags["dog"], "wolf")
    assert set(await found(session, actor, "wolf")) == {both.id, one.id}
    assert await found(session, actor, "dog") == []

    await change_image(session, actor, one.id, ImageChanges(tags=[]))
    assert await found(session, actor, "wolf") == [both.id]

    await delete_tag(session, actor, tags["wolf"])
    assert await found(session, actor, "wolf") == []


async def test_collections_are_found_by_their_names_as_they_are_now(
    session: AsyncSession, actor: Actor
) -> None:
    image, other = await made(session, actor, ""), await made(session, actor, "")
    view = await create_collection(session, actor, "Summer 바다")
    id = view.collection.id
    await add_images(session, actor, id, [image.id, other.id])

    for typed in ("summ", "바다", "ㅂㄷ"):
        assert await finds(session, actor, image, typed), typed

    await change_collection(session, actor, id, {"name": "Winter"})
    assert await finds(session, actor, image, "winter")
    assert not await finds(session, actor, image, "바다")

    await remove_image(session, actor, id, image.id)
    assert await found(session, actor, "winter") == [other.id]


async def test_a_picture_that_is_deleted_with_its_tags_leaves_nothing(
    session: AsyncSession, actor: Actor
) -> None:
    image = await made(session, actor, "a red house")
    await change_image(session, actor, image.id, ImageChanges(tags=["dog"]))

    await delete_for_good(session, actor, image.id)

    assert await session.scalar(text("SELECT count(*) FROM image_search")) == 0


async def test_what_was_written_anew_is_found_by_the_new_words_and_its_tags(
    session: AsyncSession, actor: Actor
) -> None:
    image = await made(session, actor, "a red house")
    await change_image(session, actor, image.id, ImageChanges(tags=["dog"]))

    image.generation_params = {"prompt": "a blue boat", "seed": 7, "model": "flux-dev"}
    await session.flush()

    assert await finds(session, actor, image, "boat dog")
    assert not await finds(session, actor, image, "house")
    assert await found(session, actor, "boat", seed=7, model="flux-dev") == [image.id]


async def test_loras_of_jobs_and_of_other_programs_are_found(session: AsyncSession, actor: Actor) -> None:
    ours = await made(session, actor, "a", loras=[{"name": "Ink", "weight": 0.5}, {"name": "wash"}])
    theirs = await made(session, actor, "a", metadata={"loras": [{"name": "ink"}]}, loras=[])
    await made(session, actor, "ink")

    assert set(await found(session, actor, "", loras=["ink"])) == {ours.id, theirs.id}
    assert await found(session, actor, "", loras=["ink", "wash"]) == [ours.id]


async def test_odd_parameters_are_no_hindrance(session: AsyncSession, actor: Actor) -> None:
    params = {"prompt": ["a"], "seed": 1e300, "model": {"a": 1}, "job_type": 4, "loras": {"name": 3}}
    image = await make_image(session, actor.user_id, generation_params=params)
    long = await made(session, actor, "가나다 word " * 4000, model="m" * 5000, seed=2**64 - 1)

    assert await found(session, actor, "word") == [long.id]
    assert await found(session, actor, "", seed=2**64 - 1) == [long.id]
    assert set(await found(session, actor, "", origin="uploaded")) == {image.id, long.id}


async def test_pages_of_a_search_hold_every_image_once_in_every_order(
    session: AsyncSession, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given more matches than are looked for among the next ones
    monkeypatch.setattr("pingvas.gallery.library.NEAR", 4)
    images = [
        await make_image(
            session,
            actor.user_id,
            generation_params={"prompt": "house" if number % 3 else "boat"},
            file_size=1000 + number % 4,
            rating=number % 5,
        )
        for number in range(20)
    ]
    expected = {image.id for image in images if image.generation_params["prompt"] == "house"}

    for sort in ("newest", "oldest", "rating", "largest", "smallest"):
        seen: list[Image] = []
        cursor: str | None = None
        while True:
            asked = PageRequest(KEY, 2, cursor)
            page = await list_images(session, actor, ImageFilter(q="house", sort=sort), asked)
            seen += page.items
            cursor = page.next_cursor
            if cursor is None:
                break
        assert len(seen) == len(expected), sort
        assert {image.id for image in seen} == expected, sort
        sizes = [image.file_size for image in seen]
        ratings = [image.rating for image in seen]
        assert sort != "largest" or sizes == sorted(sizes, reverse=True)
        assert sort != "smallest" or sizes == sorted(sizes)
        assert sort != "rating" or ratings == sorted(ratings, reverse=True)


async def test_images_of_before_are_found_once_the_chore_has_been_through(database: Database) -> None:
    # given rows as they were before there was a search
    async with database.transaction() as session:
        user = await make_user(session)
        actor = Actor(user.id, "user", None)
        image = await made(session, actor, "a red house", model="flux-dev")
        await change_image(session, actor, image.id, ImageChanges(tags=["dog"]))
        await session.execute(text("DELETE FROM image_search"))
        await session.execute(text("UPDATE images SET origin = NULL, model = NULL"))
        assert await found(session, actor, "house") == []

    # when
    filled = await make_old_images_searchable(database)

    # then
    assert filled == 1
    async with database.read() as reading:
        assert await found(reading, actor, "house dog", model="flux-dev", origin="uploaded") == [image.id]  # type: ignore[arg-type]
    assert await make_old_images_searchable(database) == 0


async def document(session: AsyncSession, image: Image) -> str:
    query = text("SELECT document FROM image_search WHERE image_id = :id")
    return str(await session.scalar(query, {"id": image.id}))


async def test_an_image_that_comes_back_from_the_trash_is_found_by_its_tags_again(
    session: AsyncSession, actor: Actor
) -> None:
    # given the only image with a tag, whose word goes with it
    image = await made(session, actor, "a red house")
    await change_image(session, actor, image.id, ImageChanges(tags=["고양이"]))

    await move_to_trash(session, actor, image.id)
    assert await found(session, actor, "고양이") == []

    await restore_image(session, actor, image.id)
    assert await finds(session, actor, image, "고양이")
