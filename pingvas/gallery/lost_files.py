"""Whether the bytes of an image can still be read: they are there, whole, and of the kind they are said to be."""

from typing import Final

from pingvas.adapters.storage import ObjectMissing, Storage

# How the files of each format begin.
_BEGINNINGS: Final[dict[str, tuple[bytes, ...]]] = {
    "png": (b"\x89PNG\r\n\x1a\n",),
    "jpg": (b"\xff\xd8\xff",),
    "webp": (b"RIFF",),
}


async def is_lost(storage: Storage, key: str, *, size: int, format: str) -> bool:
    """Whether what is stored at this key is not the image of so many bytes. Raises StorageUnavailable: then nobody can tell."""
    try:
        reading = await storage.read(key)
        if reading.size != size:
            return True
        data = await storage.get(key)
    except ObjectMissing:
        return True
    return len(data) != size or not data.startswith(_BEGINNINGS.get(format, (b"",)))
