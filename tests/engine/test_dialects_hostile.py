"""Whatever somebody writes into a picture is read without an error, and with work that grows as its length does."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from pingvas.engine.images.dialects.json_text import MAX_DEPTH, MAX_LENGTH, depth_of, parse_json
from pingvas.engine.images.dialects.read import read_json, read_notes, read_text
from pingvas.engine.images.stealth_notes import MAX_PACKED, MAX_UNPACKED, read_stealth
from pingvas.gallery.uploads import check_image
from tests.make.foreign_notes import A1111, COMFYUI, DREAM, NOTES, WORKFLOW, hide

ANYTHING: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(["3", "6", "None", "karras", "0x12"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["name", "hash", "model", "prompt", "caption", "char_captions", "inputs", "class_type", "link", "id"]) | st.text(max_size=4), inner, max_size=4),
    max_leaves=10,
)  # fmt: skip
OBJECTS = [json.loads(text) for notes in NOTES.values() for text in notes.values() if text.startswith("{")]


def expect_a_value(told: Any) -> None:
    assert told is None or isinstance(told.prompt, str)
    if told is not None:
        json.dumps([told.parameters(), told.named_parts()], allow_nan=False)


@settings(deadline=None, derandomize=True, max_examples=300)
@given(st.sampled_from(OBJECTS), st.data())
def test_any_value_may_stand_anywhere_in_json(found: dict[str, Any], data: st.DataObject) -> None:
    changed = json.loads(json.dumps(found))
    for _ in range(data.draw(st.integers(1, 4))):
        place: Any = changed
        while True:
            keys = list(place) if isinstance(place, dict) else list(range(len(place)))
            if not keys:
                break
            key = data.draw(st.sampled_from(keys))
            inner = place[key]
            if not isinstance(inner, dict | list) or data.draw(st.booleans()):
                place[key] = data.draw(ANYTHING)
                break
            place = inner

    expect_a_value(read_json(changed))


@settings(deadline=None, derandomize=True)
@given(ANYTHING)
def test_any_json_is_read_or_not(found: Any) -> None:
    expect_a_value(read_json(found))


@settings(deadline=None, derandomize=True, max_examples=200)
@given(
    st.sampled_from([text for notes in NOTES.values() for text in notes.values()]),
    st.lists(st.tuples(st.integers(0, 5000), st.text(max_size=3)), max_size=6),
    st.integers(0, 5000),
)
def test_any_change_to_a_text_leaves_it_readable(text: str, changes: list[tuple[int, str]], cut: int) -> None:
    for place, inserted in changes:
        at = place % (len(text) + 1)
        text = text[:at] + inserted + text[at:]
    if cut % 3 == 0:
        text = text[: cut % (len(text) + 1)]

    for name in ("parameters", "Dream", "Comment", "prompt", "workflow", "Description"):
        expect_a_value(read_notes({name: text}))
    expect_a_value(read_text(text))


@contextmanager
def counted_lines() -> Iterator[Callable[[], int]]:
    """How many lines of Python ran meanwhile."""
    lines = 0

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal lines
        lines += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        yield lambda: lines
    finally:
        sys.settrace(before)


def long_chain(size: int, kind: dict[str, Any]) -> str:
    """A graph whose way to the words, to the model and to the latent picture has so many nodes."""
    graph: dict[str, Any] = json.loads(json.dumps(COMFYUI))
    for number in range(size):
        onward = [str(1001 + number), 0]
        graph[str(1000 + number)] = {
            "class_type": "X",
            "inputs": {name: onward if value == "next" else value for name, value in kind.items()},
        }
    for name in ("model", "positive", "negative", "latent_image"):
        graph["3"]["inputs"][name] = ["1000", 0]
    graph["6"]["inputs"]["text"] = ["1000", 0]
    return json.dumps(graph)


def many_saves(size: int) -> str:
    graph: dict[str, Any] = json.loads(json.dumps(COMFYUI))
    del graph["3"]
    for number in range(size):
        graph[str(1000 + number)] = {"class_type": "SaveImage", "inputs": {"images": ["8", 0]}}
        graph[str(9000 + number)] = {
            "class_type": "X",
            "inputs": {str(place): ["9000", 0] for place in range(20)},
        }
    return json.dumps(graph)


HOSTILE: dict[str, Callable[[int], str]] = {
    "a long way": lambda size: long_chain(size, {"model": "next", "text": "next", "samples": "next", "conditioning": "next"}),
    "a long way with links for names": lambda size: long_chain(
        size, {"model": "next", "ckpt_name": "next", "lora_name": "next", "strength_model": "next", "vae": "next", "width": "next", "height": "next"}
    ),
    "stacks on a long way": lambda size: long_chain(size, {"model": "next", "lora_stack": "next", "lora_name_1": "x"}),
    "many pictures saved": many_saves,
    "many links": lambda size: json.dumps(WORKFLOW | {"links": WORKFLOW["links"] + [[n, 3, 0, 3, 0, "*"] for n in range(size)]}),
    "many tags": lambda size: "<lora:a:1>" * size + "\nSteps: 1, Seed: 1, Size: 1x1",
    "tags that do not end": lambda size: "<lora:" * size + "\nSteps: 1, Seed: 1, Size: 1x1",
    "many hashes": lambda size: "a\nSteps: 1, Seed: 1, Size: 1x1, Lora hashes: \"" + "a: 1, " * size + "\"",
    "many resources": lambda size: "a\nSteps: 1, Seed: 1, Size: 1x1, Civitai resources: " + json.dumps([{"type": "lora", "modelName": str(n)} for n in range(size)]),
    "many settings": lambda size: "a\nSteps: 1, Seed: 1, Size: 1x1, " + "".join(f"Key {n}: {n}, " for n in range(size)),
    "many loras": lambda size: json.dumps({"sui_image_params": {"prompt": "a", "seed": 1, "loras": ["a"] * size, "loraweights": ["1"] * size}}),
    "brackets": lambda size: '{"a": ' + "[" * size,
}  # fmt: skip


@pytest.mark.parametrize("kind", HOSTILE)
def test_work_grows_as_the_length_does(kind: str) -> None:
    # given a text, and one that is four times as long
    counts = []
    for size in (300, 1200):
        text = HOSTILE[kind](size)
        with counted_lines() as count:
            read_notes({"prompt": text})
        counts.append(count())

    # then: with the square of the length it would be sixteen times the work
    assert counts[1] < 6 * counts[0] + 5_000


@pytest.mark.parametrize(
    "unit", ['"', '"\\', "\\", '["', '{"a":', '"a', "[]", "<lora:a:", "Negative prompt:", '"a" -s', "[ ", "-s -S ", "\u0000", "\ud800", "<script>"]
)  # fmt: skip
def test_long_repetitions_are_read_in_passing(unit: str) -> None:
    # Work that grows with the square of the length would not come back from this.
    text = unit * (1_000_000 // len(unit))

    for name, head in (
        ("parameters", ""),
        ("parameters", '{"'),
        ("Dream", '"'),
        ("Comment", '{"a": "'),
        ("prompt", "[{"),
    ):
        expect_a_value(read_notes({name: head + text}))


@pytest.mark.parametrize(
    "text",
    ["[" * 100_000 + "]" * 100_000, '{"a":' * 100_000 + "1" + "}" * 100_000, '{"a": "' + "[" * 200 + '"}', '{"a": ' + "9" * 5000 + "}", "[" + '"\\'],
)  # fmt: skip
def test_json_is_bounded_in_depth_and_length(text: str) -> None:
    found = parse_json(text)

    assert found is None or found == {"a": "[" * 200}
    assert depth_of(text) <= MAX_DEPTH + 1
    assert parse_json('"' + "a" * MAX_LENGTH + '"') is None
    assert parse_json("[" * MAX_DEPTH + "]" * MAX_DEPTH) is not None


@pytest.mark.parametrize(
    "texts",
    [
        {"parameters": "[" * 100_000},
        {"prompt": '{"a":' * 100_000},
        {"workflow": "{" * 900_000},
        {"parameters": "x" * 1_000_000},
        {
            "Comment": '{"prompt": "\\ud800\\u0000", "seed": 1, "steps": 1, "uc": "x", "scale": 1}',
            "Software": "NovelAI",
        },
        {"parameters": '{"prompt": "\\ud800\\u0000", "seed": 1}'},
        {"XML:com.adobe.xmp": "<x><script>alert(1)</script><!DOCTYPE a [<!ENTITY b 'c'>]>&b;</x>"},
        {"Dream": '"' + "[" * 50_000 + '" -s 1 -S 1'},
    ],
)
def test_a_picture_with_hostile_texts_is_kept(texts: dict[str, str]) -> None:
    chunks = PngImagePlugin.PngInfo()
    for name, text in texts.items():
        chunks.add_itxt(name, text)
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, "PNG", pnginfo=chunks)

    kept = check_image(file.getvalue(), max_side=100, max_pixels=10_000)

    assert json.loads(json.dumps(kept.parameters, allow_nan=False).encode()) == kept.parameters
    assert "script" not in json.dumps(kept.parameters)


# --- notes in pixels -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "signature", [b"stealth_pnginfo", b"stealth_pngcomp", b"stealth_rgbinfo", b"stealth_rgbcomp"]
)
@pytest.mark.parametrize("size", [(64, 96), (200, 40), (3, 4000)])
def test_notes_are_read_out_of_pixels(signature: bytes, size: tuple[int, int]) -> None:
    image = hide(A1111.encode(), signature, size)

    assert read_stealth(image) == A1111


@pytest.mark.parametrize(
    "kind",
    [
        "too long",
        "longer than the picture",
        "a bomb",
        "damaged",
        "no text",
        "nothing",
        "no signature",
        "grey",
    ],
)
def test_pixels_that_hold_no_sound_note_say_nothing(kind: str) -> None:
    packed = b"stealth_pngcomp"
    images = {
        "too long": lambda: hide(b"x", b"stealth_pnginfo", length=8 * MAX_PACKED + 8),
        "longer than the picture": lambda: hide(b"x", b"stealth_pnginfo", length=64 * 64),
        "a bomb": lambda: hide(b"x" * (MAX_UNPACKED + 1), packed, (128, 128)),
        "damaged": lambda: hide(b"x" * 100, packed, length=64),
        "no text": lambda: hide(b"\xff\xfe\xff", b"stealth_pnginfo"),
        "nothing": lambda: hide(b"", b"stealth_pnginfo"),
        "no signature": lambda: Image.new("RGBA", (1, 1)),
        "grey": lambda: hide(b"x", b"stealth_pnginfo").convert("LA"),
    }

    assert read_stealth(images[kind]()) is None


@settings(deadline=None, derandomize=True)
@given(st.binary(max_size=300), st.sampled_from(["RGB", "RGBA"]), st.integers(1, 20))
def test_any_pixels_are_read(pixels: bytes, mode: str, width: int) -> None:
    bands = len(mode)
    height = max(1, len(pixels) // (bands * width))
    image = Image.frombytes(
        mode, (width, height), pixels.ljust(width * height * bands, b"\0")[: width * height * bands]
    )

    assert read_stealth(image) is None


@pytest.mark.parametrize(("format", "how"), [("PNG", {}), ("WEBP", {"lossless": True, "exact": True})])
def test_an_upload_is_read_from_its_pixels_where_nothing_stands_beside_them(
    format: str, how: dict[str, Any]
) -> None:
    file = io.BytesIO()
    hide(
        json.dumps({"Software": "NovelAI", "Comment": NOTES["NovelAI"]["Comment"]}).encode(),
        b"stealth_pngcomp",
        (64, 64),
    ).save(file, format, **how)

    kept = check_image(file.getvalue(), max_side=100, max_pixels=10_000).parameters

    assert kept["metadata"]["tool"] == "NovelAI"
    assert (kept["seed"], kept["steps"]) == (42, 20)


def test_words_in_pixels_that_say_nothing_of_a_picture_are_not_kept() -> None:
    file = io.BytesIO()
    hide(b"with my aunt", b"stealth_pnginfo").save(file, "PNG")

    assert check_image(file.getvalue(), max_side=100, max_pixels=10_000).parameters == {}


def test_a_command_is_found_in_its_chunk_alone() -> None:
    assert read_notes({"Dream": DREAM}) is not None
    assert read_notes({"Dream": "a fox"}) is None
