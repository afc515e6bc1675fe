"""The pictures of a folder on this machine, one after the other, with what is known of each beside its bytes.

Three kinds of folders: one that an archive of ours was unpacked into, one of InvokeAI, and any other, which is read with all folders
in it: so A1111, ComfyUI, Fooocus, SwarmUI and cameras keep theirs. Nothing is written, links are not followed.
"""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pingvas.base.clock import now
from pingvas.base.errors import NotFound
from pingvas.gallery.import_invokeai import database_of, images_of_invokeai
from pingvas.gallery.tag_names import MAX_TAGS, accept_tag, distinct

ENDINGS = frozenset({".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".avif", ".heic", ".heif"})
LINES = "images.jsonl"
"""Beside the pictures of an archive of ours: what the studio knew of each."""

# Of a text beside a picture; an infotext has some thousand characters.
_LONGEST_TEXT = 256 * 1024
# A clock that was never set says 1970, or 1980 in a zip.
_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)


class NoFolder(NotFound):
    """There is nothing to import from."""


@dataclass(frozen=True)
class FoundPicture:
    """A file that may be a picture. `infotext` stands beside it, for when it says nothing itself."""

    path: Path
    made_at: datetime
    infotext: str | None = None
    collections: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    is_favorite: bool = False


def find_pictures(
    folder: Path, *, folders_as_collections: bool = False, without: Sequence[Path] = ()
) -> Iterator[FoundPicture]:
    """All pictures of a folder, in the order of their paths. `folders_as_collections`: each lies in a collection called as the folder
    that it is in. `without`: folders that are passed over, for what is imported lies there. Raises NoFolder."""
    if not folder.is_dir():
        raise NoFolder(f"{folder} is no folder.")
    for lines in (folder / LINES, folder / "images" / LINES):
        if lines.is_file():
            yield from _of_ours(folder, lines)
            return
    if (database := database_of(folder)) is not None:
        yield from _of_invokeai(database)
        return
    for path in _walk(folder, {each.resolve() for each in without}):
        inside = path.parent.relative_to(folder).parts
        named = (inside[-1],) if folders_as_collections and inside else ()
        yield FoundPicture(path, _changed_at(path), _text_beside(path), named)


def _walk(folder: Path, without: set[Path]) -> Iterator[Path]:
    for place, folders, files in os.walk(folder):
        if Path(place).resolve() in without:
            folders.clear()
            continue
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            path = Path(place, name)
            if path.suffix.lower() in ENDINGS and not name.startswith(".") and not path.is_symlink():
                yield path


def _text_beside(path: Path) -> str | None:
    """What A1111 writes beside a picture where it is told to."""
    text = path.with_suffix(".txt")
    if text.is_symlink() or not text.is_file() or text.stat().st_size > _LONGEST_TEXT:
        return None
    return text.read_text(encoding="utf-8", errors="replace")


def _of_invokeai(database: Path) -> Iterator[FoundPicture]:
    for row in images_of_invokeai(database):
        if not row.path.is_symlink() and row.path.is_file():
            boards = () if row.board is None else (row.board,)
            yield FoundPicture(row.path, _likely(row.made_at), None, boards, is_favorite=row.is_starred)


def _of_ours(folder: Path, file: Path) -> Iterator[FoundPicture]:
    """Of an archive, or of the file with everything about a person, where collections stand apart."""
    collections = _collections_beside(file)
    for said in _objects_of(file):
        named = said.get("file")
        if not isinstance(named, str) or not named.isprintable():
            continue
        path = folder / named
        if not path.resolve().is_relative_to(folder.resolve()) or not path.is_file():
            continue
        inside = _words(said.get("collections")) or collections.get(str(said.get("id")), [])
        yield FoundPicture(
            path,
            _moment(said.get("created_at")) or _changed_at(path),
            collections=tuple(inside),
            tags=_tags(said.get("tags")),
            is_favorite=said.get("is_favorite") is True,
        )


def _collections_beside(file: Path) -> dict[str, list[str]]:
    """By the id of an image, the names of the collections that it is in."""
    inside = defaultdict[str, list[str]](list)
    collections = file.with_name("collections.jsonl")
    for said in _objects_of(collections) if collections.is_file() else ():
        for image_id in _words(said.get("images")):
            inside[image_id] += _words([said.get("name")])
    return inside


def _objects_of(file: Path) -> Iterator[dict[str, Any]]:
    """The JSON objects of a file, one a line; what is none is passed over."""
    with file.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            try:
                said = json.loads(line)
            except (ValueError, RecursionError):
                continue
            if isinstance(said, dict):
                yield said


def _words(said: Any) -> list[str]:
    return [each for each in said if isinstance(each, str)] if isinstance(said, list) else []


def _tags(said: Any) -> tuple[str, ...]:
    accepted = []
    for word in _words(said):
        try:
            accepted.append(accept_tag(word))
        except ValueError:
            continue
    return distinct(tuple(accepted))[:MAX_TAGS]


def _moment(said: Any) -> datetime | None:
    if not isinstance(said, str):
        return None
    try:
        moment = datetime.fromisoformat(said)
    except ValueError:
        return None
    return _likely(moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC))


def _changed_at(path: Path) -> datetime:
    return _likely(datetime.fromtimestamp(path.stat().st_mtime, UTC))


def _likely(moment: datetime) -> datetime:
    """The moment, unless no picture can be from then."""
    present = now()
    return moment if _EARLIEST <= moment <= present + timedelta(days=1) else present
