"""A finished picture becomes bytes in storage, off the engine's thread, before any row names them."""

from __future__ import annotations

import asyncio
import logging
import time
from base64 import b64encode
from contextlib import suppress
from typing import Any

import pingvas
from pingvas.adapters.storage import StorageUnavailable
from pingvas.base.backoff import pauses
from pingvas.base.ids import new_id
from pingvas.engine.images import image_files
from pingvas.engine.images.credentials import CannotSign, Credentials, sign
from pingvas.engine.images.invisible_mark import mark
from pingvas.engine.images.labels import label_for
from pingvas.engine.images.look_hash import ImageHashes, image_hashes
from pingvas.engine.images.thumbnails import CONTENT_TYPE, Thumbnails, make_thumbnails
from pingvas.engine.requests import Result
from pingvas.gallery.named_images import without_images
from pingvas.gallery.storage_keys import image_key, large_thumbnail_key, thumbnail_key
from pingvas.generation.job_parameters import stored_parameters
from pingvas.generation.lifecycle.claims import ClaimedJob
from pingvas.generation.lifecycle.ends import FinishedImage
from pingvas.worker.running.job_context import JobContext

log = logging.getLogger(__name__)

VERSION = f"Pingvas Studio {pingvas.__version__}"


async def store_image(
    job: ClaimedJob, result: Result, context: JobContext, give_up: asyncio.Event
) -> FinishedImage | None:
    """Encode and upload the picture and its thumbnails. While the storage is away, try again.

    None: `give_up` was set, or `timeouts.store` is over, before the storage took it. Bytes that no row comes to
    name are swept up later.
    """
    image_id, format = new_id(), job.parameters.format
    parameters = _generation_params(job, context)
    data, thumbnails, hashes = await asyncio.to_thread(_encode, result, format, parameters, context)
    key, small_key = image_key(job.user_id, image_id, format), thumbnail_key(job.user_id, image_id)
    large_key = large_thumbnail_key(job.user_id, image_id)
    deadline = time.monotonic() + context.timeouts.store
    for pause in pauses():
        try:
            await asyncio.gather(
                context.storage.put(key, data, image_files.CONTENT_TYPES[format]),
                context.storage.put(small_key, thumbnails.small, CONTENT_TYPE),
                context.storage.put(large_key, thumbnails.large, CONTENT_TYPE),
            )
            urls = [await context.storage.sign(each) for each in (key, small_key, large_key)]
            break
        except StorageUnavailable:
            if give_up.is_set() or time.monotonic() > deadline:
                return None
            log.warning("job %s: the storage is away; its picture is kept until it is back", job.id)
            with suppress(TimeoutError):
                await asyncio.wait_for(give_up.wait(), pause)
    return FinishedImage(
        image_id=image_id,
        s3_key=key,
        thumbnail_key=small_key,
        width=result.image.width,
        height=result.image.height,
        format=format,
        file_size=len(data),
        generation_params=parameters,
        visibility=job.parameters.visibility,
        tags=job.parameters.tags,
        thumbnail_large_key=large_key,
        thumbhash=b64encode(thumbnails.hash).decode(),
        content_hash=hashes.content.hex(),
        look_hash=hashes.look,
        file_url=urls[0],
        thumbnail_url=urls[1],
        thumbnail_large_url=urls[2],
    )


def _encode(
    result: Result, format: str, parameters: dict[str, Any], context: JobContext
) -> tuple[bytes, Thumbnails, ImageHashes]:
    # A file goes wherever its owner sends it, and an id alone opens an unlisted image: ids stay in the row.
    told, settings, label = without_images(parameters), context.settings, label_for(parameters)
    image = result.image
    # What is not repainted of a picture stays exactly as it is.
    if settings.invisible_mark == "on" and parameters["job_type"] != "inpaint":
        image = mark(image, settings.invisible_mark_id)
    said = label if settings.ai_label == "on" else None
    data = image_files.encode(image, format, told, version=VERSION, label=said)
    if context.credentials is not None:
        data = _signed(data, context.credentials, label)
    thumbnails = make_thumbnails(image)
    return data, thumbnails, image_hashes(data, thumbnails.small)


def _signed(data: bytes, credentials: Credentials, label: str) -> bytes:
    try:
        return sign(data, credentials, label=label, version=pingvas.__version__)
    except CannotSign as error:
        # It could when the worker started. The picture has been made and waited for, and keeps its plain label.
        log.error("a picture is kept without content credentials: %s", error)
        return data


def _generation_params(job: ClaimedJob, context: JobContext) -> dict[str, Any]:
    """Everything needed to make it again; who may see it and what it is called are not part of that, and do not belong in the
    file."""
    asked = stored_parameters(job.parameters)
    for name in ("visibility", "tags"):
        asked.pop(name, None)
    return {
        **asked,
        "job_type": job.job_type,
        "model": job.model_name,
        "model_version": job.model_config.get("version"),
        # What other programs call by this name: the first ten digits of the content's SHA-256.
        "model_hash": str(job.model_config.get("sha256", ""))[:10] or None,
        "engine": context.engine.engine.facts,
    }
