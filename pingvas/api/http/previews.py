"""What other sites show of a link to a picture or a collection: tags in the head of the page's first document (Open Graph, Twitter).

They say what a stranger is told, and of what a stranger may not see there are none.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import Any
from uuid import UUID

from fastapi import Request

from pingvas.accounts.people.telling_others import find_silent
from pingvas.base.budgets import address_key
from pingvas.base.db import Database
from pingvas.base.errors import StudioError
from pingvas.base.fair_queue import FairQueue
from pingvas.base.read_session import ReadSession
from pingvas.base.settings import Settings
from pingvas.engine.images.image_files import CONTENT_TYPES
from pingvas.gallery.collections import get_collection
from pingvas.gallery.library import get_visible_image
from pingvas.gallery.old_files import refuse_what_names_images
from pingvas.gallery.tables import Image

SITE = "Pingvas Studio"
MAX_TITLE, MAX_DESCRIPTION = 90, 300

_SHARED = re.compile(r"([ic])/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True)
class Preview:
    """Of something that strangers see at an address of the page. `is_listed`: search engines may name it."""

    path: str
    title: str
    description: str
    image: Image | None
    is_listed: bool


async def find_preview(request: Request, path: str) -> bytes | None:
    """The tags for an address of the page (without a slash at its beginning); None where it has none."""
    asked = _SHARED.fullmatch(path)
    if asked is None:
        return None
    state = request.app.state
    database: Database = state.database
    turns: FairQueue = state.transactions
    host = None if request.client is None else request.client.host
    read = _of_image if asked[1].lower() == "i" else _of_collection
    try:
        async with turns.turn(address_key(host)), database.read() as session:
            preview = await read(session, UUID(asked[2]))
    except StudioError:  # not there, or not to be told of now: the page itself says so
        return None
    return _written(preview, state.settings)


async def _of_image(session: ReadSession, image_id: UUID) -> Preview:
    image = await get_visible_image(session, None, image_id)
    refuse_what_names_images(image)
    silent = await find_silent(session, {image.user_id})
    words = "" if silent else _words_of(image.generation_params)
    size = f"{image.width} × {image.height}"
    title = _cut(words, MAX_TITLE) or SITE
    return Preview(
        f"/i/{image.id}",
        title,
        _cut(words, MAX_DESCRIPTION) if len(words) > MAX_TITLE else size,
        image,
        is_listed=image.visibility == "public",
    )


async def _of_collection(session: ReadSession, collection_id: UUID) -> Preview:
    view = await get_collection(session, None, collection_id)
    told = view.collection
    description = _cut(_on_one_line(told.description or ""), MAX_DESCRIPTION)
    title = _cut(_on_one_line(told.name), MAX_TITLE)
    return Preview(f"/c/{told.id}", title, description, view.cover, is_listed=True)


def _written(preview: Preview, settings: Settings) -> bytes:
    tags = (
        f'<meta {kind}="{name}" content="{escape(value)}" />'
        for kind, name, value in _tags(preview, settings)
    )
    return "".join(tags).encode("utf-8", "replace")


def _tags(preview: Preview, settings: Settings) -> Iterator[tuple[str, str, str]]:
    if not preview.is_listed:
        yield "name", "robots", "noindex"
    yield "property", "og:site_name", SITE
    yield "property", "og:type", "website"
    yield "property", "og:url", settings.base_url + preview.path
    yield "property", "og:title", preview.title
    if preview.description:
        yield "name", "description", preview.description
        yield "property", "og:description", preview.description
    image = preview.image
    if image is not None:
        # A lasting address: it ends with the permission to see the picture, not with a signature.
        yield "property", "og:image", f"{settings.base_url}/api/v1/images/{image.id}/file"
        yield "property", "og:image:type", CONTENT_TYPES[image.format]
        yield "property", "og:image:width", str(image.width)
        yield "property", "og:image:height", str(image.height)
        yield "property", "og:image:alt", preview.title
    yield "name", "twitter:card", "summary" if image is None else "summary_large_image"


def _words_of(parameters: dict[str, Any]) -> str:
    prompt = parameters.get("prompt")
    return _on_one_line(prompt) if isinstance(prompt, str) else ""


def _on_one_line(said: str) -> str:
    return " ".join("".join(sign if sign.isprintable() else " " for sign in said).split())


def _cut(said: str, longest: int) -> str:
    return said if len(said) <= longest else said[: longest - 1].rstrip() + "…"
