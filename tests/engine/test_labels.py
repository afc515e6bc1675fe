"""The label that says AI made a picture: written into every format, kept where notes change, read as others write it."""

from __future__ import annotations

import io
from typing import Any

import pytest
from PIL import Image

from pingvas.engine.images.image_files import encode, read_parameters
from pingvas.engine.images.labels import (
    MADE,
    MADE_FROM_A_PICTURE,
    VOCABULARY,
    label_for,
    label_in,
    label_of,
    xmp_of,
)
from pingvas.engine.images.replace_notes import notes_of, replace_notes
from pingvas.gallery.uploads import check_image

FORMATS = ("png", "jpg", "webp")
PARAMETERS: dict[str, Any] = {
    "job_type": "txt2img",
    "prompt": "달과 별, a moon",
    "steps": 20,
    "width": 40,
    "height": 24,
    "seed": 7,
    "model": "m",
}


def picture() -> Image.Image:
    return Image.effect_noise((40, 24), 60).convert("RGB")


def pixels(data: bytes) -> bytes:
    with Image.open(io.BytesIO(data)) as opened:
        return opened.convert("RGB").tobytes()


@pytest.mark.parametrize("format", FORMATS)
def test_every_format_says_that_ai_made_it_where_other_programs_look(format: str) -> None:
    data = encode(picture(), format, PARAMETERS, version="x", label=MADE)

    with Image.open(io.BytesIO(data)) as opened:
        opened.load()
        found = opened.info.get("xmp") or opened.info["XML:com.adobe.xmp"].encode()
    assert f'Iptc4xmpExt:DigitalSourceType="{VOCABULARY}trainedAlgorithmicMedia"'.encode() in found
    assert label_of(data) == MADE
    assert read_parameters(data) == PARAMETERS


@pytest.mark.parametrize("format", FORMATS)
def test_without_a_label_a_file_is_what_it_was(format: str) -> None:
    image = picture()
    labelled = encode(image, format, PARAMETERS, version="x", label=MADE)

    plain = encode(image, format, PARAMETERS, version="x")

    assert label_of(plain) is None
    assert b"DigitalSourceType" not in plain
    assert pixels(plain) == pixels(labelled)


def test_infotext_stands_before_the_label_in_a_png() -> None:
    data = encode(picture(), "png", PARAMETERS, version="x", label=MADE)

    assert data.index(b"parameters\0") < data.index(b"pingvas\0") < data.index(b"XML:com.adobe.xmp")
    assert data.index(b"XML:com.adobe.xmp") < data.index(b"IDAT")


@pytest.mark.parametrize(
    ("job_type", "label"),
    [
        ("txt2img", MADE),
        ("img2img", MADE_FROM_A_PICTURE),
        ("inpaint", MADE_FROM_A_PICTURE),
        ("upscale", MADE_FROM_A_PICTURE),
    ],
)
def test_what_began_with_a_picture_says_so(job_type: str, label: str) -> None:
    assert label_for({"job_type": job_type}) == label


@pytest.mark.parametrize("format", FORMATS)
def test_the_label_stays_when_the_notes_go(format: str) -> None:
    data = encode(picture(), format, PARAMETERS, version="x", label=MADE_FROM_A_PICTURE)

    bare = replace_notes(data, {})

    assert notes_of(bare) == {}
    assert label_of(bare) == MADE_FROM_A_PICTURE
    assert pixels(bare) == pixels(data)
    assert replace_notes(bare, {}) == bare


@pytest.mark.parametrize("format", FORMATS)
def test_the_label_of_an_upload_is_kept(format: str) -> None:
    data = encode(picture(), format, PARAMETERS, version="x", label=MADE)

    kept = check_image(data, max_side=64, max_pixels=4096)

    assert label_of(kept.data) == MADE
    assert kept.parameters["prompt"] == PARAMETERS["prompt"]
    assert label_of(check_image(kept.data, max_side=64, max_pixels=4096).data) == MADE


@pytest.mark.parametrize(
    "said",
    [
        f"<Iptc4xmpExt:DigitalSourceType>{VOCABULARY}{MADE}</Iptc4xmpExt:DigitalSourceType>",
        f"<rdf:Description Iptc4xmpExt:DigitalSourceType = '{VOCABULARY}{MADE}'/>",
    ],
)
def test_a_label_is_read_as_other_programs_write_it(said: str) -> None:
    assert label_in(said.encode()) == MADE


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"Iptc4xmpExt:DigitalSourceType=",
        b"\xff\xfe" * 100,
        f'Iptc4xmpExt:DigitalSourceType="{VOCABULARY}digitalCapture"'.encode(),
        f'Iptc4xmpExt:DigitalSourceType="{VOCABULARY}{MADE}ButNot"'.encode(),
        xmp_of(MADE) + b" " * 1024 * 1024,
    ],
)
def test_anything_else_is_no_label(said: bytes) -> None:
    assert label_in(said) is None


def test_a_label_says_nothing_but_what_it_is() -> None:
    data = replace_notes(encode(picture(), "png", PARAMETERS, version="x", label=MADE), {})

    for said in (b"moon", b"\xeb\x8b\xac", b"Pingvas", b"txt2img"):
        assert said not in data
