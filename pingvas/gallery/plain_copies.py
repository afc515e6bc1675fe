"""Pictures without how they were made, for whoever is not to be told: put together when they are fetched, and kept nowhere."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator

from pingvas.adapters.storage import Storage
from pingvas.base.errors import NotFound
from pingvas.engine.images.plain_file import without_notes, without_notes_in_its_size
from pingvas.engine.images.replace_notes import CannotReplace
from pingvas.gallery.tables import Image

log = logging.getLogger(__name__)

PREFIX = "plain/"
"""How their addresses begin; no object of the storage lies there."""


class NoPlainCopy(NotFound):
    default_detail = "This picture's file cannot be read, so there is no copy of it without how it was made."


def plain_url(image: Image, storage: Storage) -> str:
    """Where the picture is without how it was made, for a while."""
    return storage.sign_made(PREFIX + image.s3_key, public=image.visibility == "public")


async def read_plain(storage: Storage, key: str) -> bytes:
    """The copy of a picture's file. Raises ObjectMissing, NoPlainCopy, StorageUnavailable."""
    data = await storage.get(key)
    try:
        return await asyncio.to_thread(without_notes, data)
    except CannotReplace as error:
        log.warning("no copy without notes of %s: %s", key, error)
        raise NoPlainCopy from error


async def read_plain_in_its_size(storage: Storage, key: str) -> AsyncIterator[bytes]:
    """The same with as many bytes as the file, for a zip whose size is known beforehand. Raises as `read_plain` does."""
    data = await storage.get(key)
    try:
        plain = await asyncio.to_thread(without_notes_in_its_size, data)
    except CannotReplace as error:
        log.warning("no copy without notes of %s: %s", key, error)
        raise NoPlainCopy from error
    return _once(plain)


async def _once(data: bytes) -> AsyncIterator[bytes]:
    yield data
