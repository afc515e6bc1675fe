"""Damaged and hostile model files: each is refused by name, whatever the bytes, in little time and memory."""

from __future__ import annotations

import io
import json
import pickle
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pingvas.engine.checkpoints.detect import detect
from pingvas.engine.checkpoints.detected import Kind
from pingvas.engine.checkpoints.safetensors_header import MAX_HEADER_BYTES, read_header
from pingvas.engine.errors import EngineError, ModelLoadFailed
from tests.make.safetensors import file_of

SOUND = {
    "__metadata__": {"format": "pt"},
    "a": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]},
    "b": {"dtype": "F16", "shape": [2, 3], "data_offsets": [16, 28]},
}


def tensor(**changes: Any) -> dict[str, Any]:
    return {"a": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16], **changes}}


def test_a_sound_header_is_read(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(file_of(SOUND, bytes(28)))

    header = read_header(path)

    assert {name: (facts.dtype, facts.shape) for name, facts in header.tensors.items()} == {
        "a": ("F32", (4,)),
        "b": ("F16", (2, 3)),
    }
    assert header.metadata == {"format": "pt"}


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", "ends before"),
        (b"\x08", "ends before"),
        (b"\xff" * 8, "cut off"),
        ((100).to_bytes(8, "little") + b"{}", "cut off"),
        (file_of(b"nope"), "no safetensors file"),
        (file_of(b"[]"), "no safetensors file"),
        (file_of(b"{" + b'"a":[' * 100_000 + b"}"), "header cannot be read"),
        (file_of(b'{"a": 1, "a": 2}'), "two entries of one name"),
        (file_of(b'{"a": NaN}'), "not JSON"),
        (file_of(b'{"a": ' + b"9" * 5000 + b"}"), "header cannot be read"),
        (file_of(b"{\xff}"), "header cannot be read"),
        (file_of({"a": 1}), "is not dtype"),
        (file_of({"__metadata__": {"a": 1}}), "metadata"),
        (file_of(tensor(extra=1), bytes(16)), "is not dtype"),
        (file_of(tensor(dtype="F33"), bytes(16)), "of a type"),
        (file_of(tensor(dtype=["F32"]), bytes(16)), "of a type"),
        (file_of(tensor(shape=[-4]), bytes(16)), "the shape"),
        (file_of(tensor(shape=[4.0]), bytes(16)), "the shape"),
        (file_of(tensor(shape=[True] * 4), bytes(16)), "the shape"),
        (file_of(tensor(shape=[2**62, 2**62]), bytes(16)), "the shape"),
        (file_of(tensor(shape=[1] * 1000), bytes(16)), "the shape"),
        (file_of(tensor(shape=[5]), bytes(16)), "does not fill"),
        (file_of(tensor(data_offsets=[16, 0]), bytes(16)), "does not fill"),
        (file_of(tensor(data_offsets=[-16, 0]), bytes(16)), "does not fill"),
        (file_of(tensor(data_offsets=[0, 16, 32]), bytes(16)), "the place"),
        (file_of(tensor(data_offsets=["0", 16]), bytes(16)), "the place"),
        (file_of(tensor(), bytes(15)), "1 bytes are missing"),
        (file_of(tensor(), bytes(17)), "1 bytes too many"),
        (file_of(tensor() | {"b": tensor()["a"]}, bytes(16)), "overlap"),
        (file_of(tensor(data_offsets=[4, 20]), bytes(20)), "gaps"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_file_is_said(tmp_path: Path, raw: bytes, why: str) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(raw)

    with pytest.raises(ModelLoadFailed, match=why):
        read_header(path)


class Bomb:
    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (Path("a-pickle-was-run"),))


def zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(Bomb()))
    return buffer.getvalue()


@pytest.mark.parametrize("name", ["model.ckpt", "model.pt", "model.bin", "model.safetensors"])
@pytest.mark.parametrize("raw", [pickle.dumps(Bomb(), protocol=2), pickle.dumps(Bomb()), zipped()])
def test_a_pickle_is_refused_under_any_name_and_never_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, raw: bytes
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_bytes(raw)

    with pytest.raises(ModelLoadFailed, match=r"is a pickle, which can run any code"):
        detect(tmp_path / name)

    assert not (tmp_path / "a-pickle-was-run").exists()


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "Git LFS pointer"),
        (b"<!DOCTYPE html><html>sign in first</html>", "web page"),
        (b"GGUF" + bytes(100), "GGUF"),
    ],
)
def test_files_of_other_kinds_are_named(tmp_path: Path, raw: bytes, why: str) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(raw)

    with pytest.raises(ModelLoadFailed, match=why):
        read_header(path)


def test_an_endless_header_is_not_read(tmp_path: Path) -> None:
    # given: a file that has so many bytes, as far as anybody asks
    path = tmp_path / "model.safetensors"
    with path.open("wb") as file:
        file.write((2**40).to_bytes(8, "little") + b"{")
        file.truncate(2**40 + 8)

    # when
    tracemalloc.start()
    with pytest.raises(ModelLoadFailed, match=str(MAX_HEADER_BYTES)):
        read_header(path)

    # then
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()


KINDS = get_args(Kind)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)
# Names that lead into the detection, with entries that are nearly right.
NAMES = st.sampled_from(
    ["model.diffusion_model.input_blocks.0.0.weight", "double_blocks.0.img_attn.norm.key_norm.scale", "body.0.weight",
     "body.1.weight", "conv_first.weight", "model.0.weight", "model.1.sub.0.weight", "decoder.conv_in.weight",
     "encoder.conv_in.weight", "decoder.up.0", "x.lora_down.weight", "layers.0.residual_group.blocks.0.norm1.weight",
     "upsample.0.weight", "conv_before_upsample.0.weight", "img_in.weight", "final_layer.linear.weight",
     "body.0.rdb1.conv1.weight", "__metadata__", "controlnet_down_blocks.0", "attn2.to_k.weight"]
)  # fmt: skip
SHAPES = st.lists(st.integers(0, 5), max_size=5)


@st.composite
def sound_files(draw: st.DrawFn) -> bytes:
    """Files the format allows, whatever their names and shapes."""
    header: dict[str, Any] = {}
    at = 0
    for name in draw(st.lists(NAMES.filter(lambda name: name != "__metadata__"), unique=True)):
        shape = draw(SHAPES)
        size = 1
        for side in shape:
            size *= side
        header[name] = {"dtype": "U8", "shape": shape, "data_offsets": [at, at + size]}
        at += size
    return file_of(header, bytes(at))


@given(
    raw=st.binary(max_size=200)
    | st.builds(
        file_of, st.dictionaries(NAMES | st.text(max_size=5), JSON, max_size=4), st.binary(max_size=20)
    )
    | st.builds(file_of, st.binary(max_size=100))
    | sound_files()
)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_bytes_bring_more_than_the_named_error(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "fuzz.safetensors"
    path.write_bytes(raw)

    said: str
    try:
        said = detect(path).kind
    except EngineError as error:
        said = str(error)

    assert said in KINDS or path.name in said


@given(content=JSON, index=JSON)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_configuration_brings_more_than_the_named_error(tmp_path: Path, content: Any, index: Any) -> None:
    folder = tmp_path / "fuzz"
    (folder / "unet").mkdir(parents=True, exist_ok=True)
    (folder / "unet" / "model.safetensors").write_bytes(file_of({}))
    (folder / "unet" / "config.json").write_text(json.dumps(content))
    (folder / "config.json").write_text(json.dumps(content))
    whole = {
        "_class_name": "StableDiffusionPipeline",
        "unet": ["diffusers", "UNet2DConditionModel"],
        "vae": index,
    }

    for text in (json.dumps(whole), json.dumps(index), None):
        (folder / "model_index.json").unlink(missing_ok=True)
        if text is not None:
            (folder / "model_index.json").write_text(text)
        said: str
        try:
            said = detect(folder).kind
        except EngineError as error:
            said = str(error)
        assert said in KINDS or said.endswith(".")
