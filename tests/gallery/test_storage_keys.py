"""Keys of pictures have one form, which one place knows; rows of pictures are written by the gallery alone."""

from __future__ import annotations

import re
from uuid import UUID

import pytest

from pingvas.base.ids import new_id
from pingvas.base.settings import REPOSITORY
from pingvas.gallery.storage_keys import OF_AN_IMAGE, image_key, thumbnail_key

PACKAGE = REPOSITORY / "pingvas"


@pytest.mark.parametrize("user_id", [new_id(), None])
@pytest.mark.parametrize("format", ["png", "jpg", "webp"])
def test_every_key_is_known_again_and_names_its_image(user_id: UUID | None, format: str) -> None:
    image_id = new_id()

    for key in (image_key(user_id, image_id, format), thumbnail_key(user_id, image_id)):
        known = OF_AN_IMAGE.fullmatch(key)
        assert known is not None, "nobody would sweep it up"
        assert known[1] == str(image_id)


def _elsewhere(pattern: str) -> list[str]:
    return [
        path.relative_to(PACKAGE).as_posix()
        for path in sorted(PACKAGE.rglob("*.py"))
        if PACKAGE / "gallery" not in path.parents and re.search(pattern, path.read_text())
    ]


def test_nobody_else_puts_keys_together() -> None:
    assert _elsewhere(r"[\"'](images|thumbnails)/") == []


def test_nobody_else_writes_rows_of_pictures() -> None:
    assert _elsewhere(r"INSERT INTO images|UPDATE images|DELETE FROM images|\bImage\(\s*id=") == []


def test_nobody_writes_the_sums_which_are_the_databases_but_who_puts_them_right() -> None:
    writes = r"(INSERT INTO|UPDATE|DELETE FROM) storage_use|\bStorageUse\("
    assert _elsewhere(writes) == []
    inside = [path.name for path in (PACKAGE / "gallery").glob("*.py") if re.search(writes, path.read_text())]
    assert sorted(inside) == ["storage_use.py", "tables.py"], "what puts a wrong sum right, and its class"
