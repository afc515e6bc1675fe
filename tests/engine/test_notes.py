"""What pictures of other programs say, in whatever place and encoding, and that nothing else is taken for it."""

from __future__ import annotations

import io
import json
import struct
import zlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from pingvas.engine.images.dialects.read import read_text
from pingvas.engine.images.image_files import encode, read_parameters
from pingvas.engine.images.infotext import read_infotext
from pingvas.engine.images.notes import decode_comment
from pingvas.gallery.uploads import check_image

SETTINGS = "Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 42, Size: 512x512, Model: mini"
TEXT = f"돌다리, a stone bridge\nNegative prompt: rain\n{SETTINGS}"
PLAIN = TEXT.removeprefix("돌다리, ")
LATIN = TEXT.replace("돌다리", "café")
JAPANESE = TEXT.replace("돌다리", "石橋")
EXIF_IFD, USER_COMMENT, DESCRIPTION, XP_COMMENT = 0x8769, 0x9286, 0x010E, 0x9C9C
SMALL = Image.new("RGB", (64, 64))


def saved(format: str, image: Image.Image = SMALL, **how: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format, **how)
    return buffer.getvalue()


def noted(format: str, comment: bytes) -> bytes:
    exif = Image.Exif()
    exif.get_ifd(EXIF_IFD)[USER_COMMENT] = comment
    return saved(format, exif=exif.tobytes())


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_with(*chunks: bytes, behind: bool = False) -> bytes:
    """A PNG with chunks behind its header, or behind its pixels."""
    png = saved("PNG")
    place = png.rindex(b"IEND") - 4 if behind else 33
    return png[:place] + b"".join(chunks) + png[place:]


def upload(data: bytes) -> dict[str, Any]:
    return check_image(data, max_side=4096, max_pixels=10**6).parameters


def expect_read(parameters: dict[str, Any], text: str) -> None:
    said = (parameters.get("prompt"), parameters.get("negative_prompt"), parameters.get("seed"))
    assert said == (text.partition("\n")[0], "rain", 42)


COMMENTS: dict[str, tuple[bytes, str]] = {
    "UNICODE, UTF-16 big-endian": (b"UNICODE\0" + TEXT.encode("utf-16-be"), TEXT),
    "UNICODE, UTF-16 little-endian": (b"UNICODE\0" + TEXT.encode("utf-16-le"), TEXT),
    "UNICODE, FF FE": (b"UNICODE\0\xff\xfe" + TEXT.encode("utf-16-le"), TEXT),
    "UNICODE, FE FF": (b"UNICODE\0\xfe\xff" + TEXT.encode("utf-16-be"), TEXT),
    "UNICODE, UTF-8": (b"UNICODE\0" + TEXT.encode(), TEXT),
    "UNICODE, UTF-8 with a mark": (b"UNICODE\0\xef\xbb\xbf" + TEXT.encode(), TEXT),
    "UNICODE, ASCII": (b"UNICODE\0" + PLAIN.encode(), PLAIN),
    "UNICODE, filled up": (b"UNICODE\0" + TEXT.encode("utf-16-le") + b"\0" * 7, TEXT),
    "small letters": (b"Unicode\0" + TEXT.encode("utf-16-le"), TEXT),
    "ASCII": (b"ASCII\0\0\0" + PLAIN.encode(), PLAIN),
    "ASCII, UTF-8": (b"ASCII\0\0\0" + TEXT.encode(), TEXT),
    "ASCII, Latin-1": (b"ASCII\0\0\0" + LATIN.encode("latin-1"), LATIN),
    "ASCII, UTF-16": (b"ASCII\0\0\0" + TEXT.encode("utf-16-le"), TEXT),
    "JIS": (b"JIS\0\0\0\0\0" + JAPANESE.encode("iso2022_jp"), JAPANESE),
    "JIS, Shift-JIS": (b"JIS\0\0\0\0\0" + JAPANESE.encode("cp932"), JAPANESE),
    "undefined, UTF-8": (b"\0" * 8 + TEXT.encode(), TEXT),
    "undefined, UTF-16": (b"\0" * 8 + TEXT.encode("utf-16-le"), TEXT),
    "no name, UTF-8": (TEXT.encode(), TEXT),
    "no name, UTF-16": (TEXT.encode("utf-16-be"), TEXT),
    "no name, a mark": (b"\xff\xfe" + TEXT.encode("utf-16-le"), TEXT),
}


@pytest.mark.parametrize("kind", COMMENTS)
@pytest.mark.parametrize("format", ["JPEG", "WEBP", "PNG"])
def test_a_comment_is_read_in_every_encoding(format: str, kind: str) -> None:
    comment, text = COMMENTS[kind]

    data = noted(format, comment)

    expect_read(upload(data), text)
    expect_read(read_parameters(data) or {}, text)


CHUNKS: dict[str, tuple[bytes, str]] = {
    "tEXt, ASCII": (chunk(b"tEXt", b"parameters\0" + PLAIN.encode()), PLAIN),
    "tEXt, UTF-8": (chunk(b"tEXt", b"parameters\0" + TEXT.encode()), TEXT),
    "tEXt, Latin-1": (chunk(b"tEXt", b"parameters\0" + LATIN.encode("latin-1")), LATIN),
    "zTXt, UTF-8": (chunk(b"zTXt", b"parameters\0\0" + zlib.compress(TEXT.encode())), TEXT),
    "zTXt, Latin-1": (chunk(b"zTXt", b"parameters\0\0" + zlib.compress(LATIN.encode("latin-1"))), LATIN),
    "iTXt": (chunk(b"iTXt", b"parameters\0\0\0\0\0" + TEXT.encode()), TEXT),
    "iTXt, packed": (chunk(b"iTXt", b"parameters\0\1\0\0\0" + zlib.compress(TEXT.encode())), TEXT),
}


@pytest.mark.parametrize("kind", CHUNKS)
@pytest.mark.parametrize("behind", [False, True])
def test_a_chunk_is_read_in_every_encoding(kind: str, behind: bool) -> None:
    data, text = CHUNKS[kind]

    kept = check_image(png_with(data, behind=behind), max_side=4096, max_pixels=10**6)

    expect_read(kept.parameters, text)
    # What is kept says it in a way that every reader reads alike.
    expect_read(upload(kept.data), text)


def xmp(body: str) -> bytes:
    return f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF>{body}</rdf:RDF></x:xmpmeta>'.encode()


def test_other_places_are_read_too() -> None:
    described, comfy, spoken = Image.Exif(), Image.Exif(), Image.Exif()
    described[DESCRIPTION] = PLAIN
    comfy[0x0110] = "prompt:" + json.dumps(GRAPH)
    spoken[XP_COMMENT] = TEXT.encode("utf-16-le") + b"\0\0"
    escaped = TEXT.replace("&", "&amp;").replace("<", "&lt;")
    element = xmp(
        f"<exif:UserComment><rdf:Alt><rdf:li xml:lang='x-default'>{escaped}</rdf:li></rdf:Alt></exif:UserComment>"
    )
    attribute = xmp(f'<rdf:Description dc:description="{PLAIN}"/>')

    expect_read(upload(saved("JPEG", exif=described)), PLAIN)
    expect_read(upload(saved("JPEG", exif=spoken)), TEXT)
    expect_read(upload(saved("JPEG", comment=PLAIN.encode())), PLAIN)
    expect_read(upload(saved("JPEG", xmp=element)), TEXT)
    expect_read(upload(saved("WEBP", xmp=attribute)), PLAIN)
    assert upload(saved("WEBP", exif=comfy))["prompt"] == "a winged fox"


@pytest.mark.parametrize("format", ["JPEG", "WEBP"])
@pytest.mark.parametrize(
    "comment",
    [
        b"ASCII\0\0\0with my aunt",
        b"UNICODE\0" + "이모와 함께".encode("utf-16-le"),
        b"UNICODE\0\xff\xfe" + TEXT.encode("utf-16-be"),
        b"ASCII\0\0\0{\"location\": \"at home\"}",
        b"ASCII\0\0\0Steps: to the door, Seed: in the garden, Size: small",
        b"\x89\x12\x00\xff" * 40,
        b"UNICODE\0",
        b"",
    ],
)  # fmt: skip
def test_a_comment_about_something_else_is_not_kept(format: str, comment: bytes) -> None:
    kept = check_image(noted(format, comment), max_side=4096, max_pixels=10**6)

    assert kept.parameters == {}
    assert dict(Image.open(io.BytesIO(kept.data)).getexif()) == {}


@pytest.mark.parametrize(
    "text",
    [
        b"\x8f\x90 Steps \x81",
        TEXT.encode()[:20] + b"\xeb" + TEXT.encode()[20:],
        b"a\x01\x02b",
        b'{"unknown": "json", "prompt": "x"}',
        b'{"sui_image_params": {"prompt": "cut o',
        b'["a", "b"]',
        "\u200b \u3164".encode(),
    ],
)
def test_nonsense_is_never_stored_as_a_prompt(text: bytes) -> None:
    assert not upload(png_with(chunk(b"tEXt", b"parameters\0" + text))).get("prompt")


GRAPH: dict[str, Any] = {
    "3": {
        "class_type": "KSampler",
        "inputs": {
            "seed": 2**53 + 1, "steps": 20, "cfg": 7, "sampler_name": "dpmpp_2m", "scheduler": "karras", "denoise": 1,
            "model": ["10", 0], "positive": ["8", 0], "negative": ["7", 0], "latent_image": ["5", 0],
        },
    },
    "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "mini.safetensors"}},
    "5": {"class_type": "EmptyLatentImage", "inputs": {"width": 512, "height": 768, "batch_size": 1}},
    "6": {"class_type": "CLIPTextEncode", "inputs": {"text": ["11", 0], "clip": ["4", 1]}},
    "7": {"class_type": "CLIPTextEncode", "inputs": {"text": "rain", "clip": ["4", 1]}},
    "8": {"class_type": "ControlNetApply", "inputs": {"conditioning": ["6", 0], "strength": 1.0}},
    "10": {"class_type": "LoraLoader", "inputs": {"model": ["4", 0], "lora_name": "x", "clip": ["4", 1]}},
    "11": {"class_type": "PrimitiveString", "inputs": {"value": "a winged fox"}},
}  # fmt: skip
FOX: dict[str, Any] = {
    "prompt": "a winged fox",
    "negative_prompt": "rain",
    "seed": 5,
    "steps": 20,
    "width": 512,
    "height": 768,
}
PROGRAMS: dict[str, tuple[str, dict[str, Any]]] = {
    "SwarmUI": (
        "parameters",
        {"sui_image_params": {"prompt": "a winged fox", "negativeprompt": "rain", "seed": 5, "steps": 20, "cfgscale": 7.0, "width": 512, "height": 768, "model": "mini"}},
    ),
    "InvokeAI": (
        "invokeai_metadata",
        {"positive_prompt": "a winged fox", "negative_prompt": "rain", "seed": 5, "steps": 20, "cfg_scale": 7.0, "width": 512, "height": 768, "model": {"name": "mini"}},
    ),
    "InvokeAI 2": (
        "sd-metadata",
        {"model": "stable diffusion", "image": {"prompt": [{"prompt": "a winged fox", "weight": 1}], "negative_prompt": "rain", "seed": 5, "steps": 20, "cfg_scale": 7.0, "width": 512, "height": 768}},
    ),
    "Fooocus": (
        "parameters",
        {"prompt": "a winged fox", "negative_prompt": "rain", "seed": "5", "steps": 20, "guidance_scale": 7.0, "resolution": "(512, 768)", "base_model": "mini"},
    ),
    "NovelAI": (
        "Comment",
        {"prompt": "a winged fox", "uc": "rain", "seed": 5, "steps": 20, "scale": 7.0, "width": 512, "height": 768, "sampler": "k_euler"},
    ),
    "Easy Diffusion": (
        "parameters",
        {"prompt": "a winged fox", "negative_prompt": "rain", "seed": 5, "num_inference_steps": 20, "guidance_scale": 7.0, "width": 512, "height": 768},
    ),
}  # fmt: skip


@pytest.mark.parametrize("program", PROGRAMS)
def test_json_of_another_program_is_read(program: str) -> None:
    name, said = PROGRAMS[program]
    texts = PngImagePlugin.PngInfo()
    texts.add_text(name, json.dumps(said))

    read = upload(saved("PNG", pnginfo=texts))

    assert {field: read.get(field) for field in FOX} == FOX
    assert read["cfg_scale"] == 7.0


def test_a_graph_of_comfyui_says_what_its_sampler_was_given() -> None:
    texts = PngImagePlugin.PngInfo()
    texts.add_text("prompt", json.dumps(GRAPH))
    texts.add_text("workflow", json.dumps({"nodes": [], "links": []}))

    read = upload(saved("PNG", pnginfo=texts))

    metadata = read.pop("metadata")
    assert (metadata["tool"], [raw["place"] for raw in metadata["raw"]]) == (
        "ComfyUI",
        ["prompt", "workflow"],
    )
    assert read == FOX | {
        "seed": 2**53 + 1,
        "cfg_scale": 7.0,
        "model": "mini.safetensors",
        "sampler": "dpmpp_2m_karras",
        "loras": [{"name": "x", "weight": 1.0}],
    }


def test_a_graph_that_leads_in_a_circle_says_nothing() -> None:
    circle = {
        "1": {"class_type": "KSampler", "inputs": {"seed": 1, "positive": ["2", 0]}},
        "2": {"class_type": "X", "inputs": {"a": ["3", 0]}},
        "3": {"class_type": "X", "inputs": {"a": ["2", 0]}},
    }

    assert read_text(json.dumps(circle)) is None


def test_settings_of_other_programs_are_numbers_that_are_ours_too() -> None:
    said = {
        "prompt": "x",
        "seed": -1,
        "steps": True,
        "cfg_scale": float("nan"),
        "width": 10**9,
        "height": "512",
    }

    assert read_infotext(json.dumps(said)) == {"prompt": "x", "negative_prompt": "", "height": 512}
    assert read_text('{"prompt": "x"}') is None
    assert read_infotext("{red|blue}")["prompt"] == "{red|blue}"


@settings(deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_are_a_comment_or_none(body: bytes) -> None:
    for name in (b"UNICODE\0", b"ASCII\0\0\0", b"JIS\0\0\0\0\0", b"\0" * 8, b""):
        assert decode_comment(name + body) is None or b"S" in body or b"{" in body


@pytest.mark.parametrize("format", ["jpg", "webp"])
def test_a_long_prompt_in_english_is_kept_whole_for_other_programs_too(format: str) -> None:
    said = {"prompt": "mossy stone bridge, " * 1000, "width": 64, "height": 64, "steps": 20, "seed": 7}
    said["negative_prompt"] = "rain, " * 3333

    data = encode(SMALL, format, said, version="x")

    comment = Image.open(io.BytesIO(data)).getexif().get_ifd(EXIF_IFD)[USER_COMMENT]
    read = read_infotext(decode_comment(comment) or "")
    assert (read["prompt"], read["negative_prompt"]) == (
        str(said["prompt"]).strip(),
        str(said["negative_prompt"]).strip(),
    )
    assert read_parameters(data) == said


@pytest.mark.parametrize("format", ["jpg", "webp"])
def test_the_longest_prompts_are_kept_exactly_and_others_still_find_the_settings(format: str) -> None:
    # given: more than the 64 KiB that a JPEG has for all of it
    said = {
        "prompt": "돌다리, a stone bridge, " * 800,
        "negative_prompt": "비, rain, " * 1800,
        "width": 64,
        "height": 64,
        "steps": 20,
        "seed": 7,
    }

    data = encode(SMALL, format, said, version="x")

    # then
    assert read_parameters(data) == said
    comment = Image.open(io.BytesIO(data)).getexif().get_ifd(EXIF_IFD)[USER_COMMENT]
    assert "Steps: 20, Seed: 7, Size: 64x64" in (decode_comment(comment) or "")
    assert upload(data)["prompt"] == said["prompt"]


@pytest.mark.parametrize(
    "unit", ["<dc:description>", "<dc:description ", 'dc:description="', "dc:description='x ", "<"]
)
def test_a_hostile_packet_is_read_in_passing(unit: str) -> None:
    # Work that grows with the square of the length would not come back from this.
    texts = PngImagePlugin.PngInfo()
    texts.add_itxt("XML:com.adobe.xmp", unit * (900_000 // len(unit)))

    assert upload(saved("PNG", pnginfo=texts)) == {}
