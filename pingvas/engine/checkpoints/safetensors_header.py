"""Reads the header of a safetensors file, believing nothing in it: what is wrong is named, time and memory are bounded.

No torch, and no tensor is read. What passes here is laid out as the format says: known types, shapes that fill their
bytes, no gap, no overlap, nothing after the end.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

from pingvas.engine.errors import ModelLoadFailed, ModelNotFound

# The library allows 100 MB, which as hostile JSON would fill gigabytes; real headers stay below a few megabytes.
MAX_HEADER_BYTES = 16 * 1024 * 1024
MAX_OBJECTS = 400_000
MAX_DIMENSIONS = 16
MAX_SIDE = 2**48

# Bits of one element.
_BITS = {
    "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6,
    "BOOL": 8, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8, "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8,
    "I16": 16, "U16": 16, "F16": 16, "BF16": 16,
    "I32": 32, "U32": 32, "F32": 32,
    "C64": 64, "F64": 64, "I64": 64, "U64": 64,
}  # fmt: skip

# Names that safetensors files are published under; `.sft` is the shorter one.
SUFFIXES = (".safetensors", ".sft")
PICKLES = (".bin", ".ckpt", ".pt", ".pth", ".pkl", ".pickle", ".msgpack", ".h5")
_A_PICKLE = (
    "is a pickle, which can run any code when opened. Only safetensors files are loaded: convert it first."
)
# What a file of another kind begins with, whatever its name says.
_OTHER_KINDS = (
    (b"PK\x03\x04", _A_PICKLE),
    *((bytes([0x80, protocol]), _A_PICKLE) for protocol in range(1, 6)),
    (b"\x89HDF\r\n\x1a\n", "is an HDF5 file, not safetensors. Get the model as safetensors."),
    (b"GGUF", "is a GGUF file, which this studio does not read. Get the model as safetensors."),
    (
        b"version https://git-lfs",
        "is only a Git LFS pointer, not the model. Fetch the file itself (git lfs pull).",
    ),
    (b"<!DOCTYPE", "is a web page, not a model: the download asked for something first. Fetch it again."),
    (b"<html", "is a web page, not a model: the download asked for something first. Fetch it again."),
    (b"\x1f\x8b", "is a packed file, not a model. Unpack it first."),
    (b"Rar!", "is a packed file, not a model. Unpack it first."),
    (b"7z\xbc\xaf\x27\x1c", "is a packed file, not a model. Unpack it first."),
    (b"\x89PNG", "is a picture, not a model."),
    (b"\xff\xd8\xff", "is a picture, not a model."),
)
_PRINTABLE = bytes(range(0x20, 0x7F)) + b"\t\r\n"


@dataclass(frozen=True)
class TensorFacts:
    """What the header says of one tensor; `shape` counts elements."""

    dtype: str
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Header:
    """Tensors by name, and the text the file carries about itself, which may claim anything."""

    tensors: Mapping[str, TensorFacts]
    metadata: Mapping[str, str]


def is_safetensors(path: Path) -> bool:
    """Whether a file is named as safetensors are. Hidden ones, as macOS leaves beside each file, are none."""
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(".")


def safetensors_in(folder: Path) -> list[Path]:
    """The files in `folder` itself that are named as safetensors, by name."""
    return [path for path in sorted(folder.glob("*")) if is_safetensors(path) and path.is_file()]


def read_header(path: Path, name: str | None = None) -> Header:
    """The header of the safetensors file at `path`. Raises ModelNotFound, or ModelLoadFailed saying what is wrong.

    `name` is what it is called in messages, where the file's own name says too little.
    """
    name = name or path.name
    if path.suffix.lower() in PICKLES:
        raise ModelLoadFailed(f"{name} {_A_PICKLE}")
    try:
        with path.open("rb") as file:
            return _read(file, name, path.stat().st_size)
    except FileNotFoundError as error:
        raise ModelNotFound(f"There is no file {name}.") from error
    except OSError as error:
        raise ModelLoadFailed(f"{name} cannot be read: {error.strerror or error}.") from error


def _read(file: BinaryIO, name: str, size: int) -> Header:
    start = file.read(32)
    for magic, sentence in _OTHER_KINDS:
        # A length that begins with a pickle's bytes is possible; then a header follows, and it is no pickle.
        if start.startswith(magic) and start[8:9] != b"{":
            raise ModelLoadFailed(f"{name} {sentence}")
    if start and not start.strip(_PRINTABLE):
        # The length that a header begins with has bytes of zero in it, which text has not.
        raise ModelLoadFailed(
            f"{name} is a text file, not a model, whatever its name says. Fetch the model again."
        )
    if len(start) < 8:
        _damaged(name, "it ends before its header begins")
    length = int.from_bytes(start[:8], "little")
    if length > size - 8:
        _damaged(name, "its header is cut off, or it is no safetensors file")
    if length > MAX_HEADER_BYTES:
        _damaged(name, f"its header has {length} bytes, and at most {MAX_HEADER_BYTES} are read")
    file.seek(8)
    raw = file.read(length)
    if len(raw) != length:
        _damaged(name, "its header is cut off")
    table = _parse(raw, name)
    metadata = table.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        _damaged(name, "its metadata is not text")
    return Header(_check(table, size - 8 - length, name), metadata)


def _parse(raw: bytes, name: str) -> dict[str, Any]:
    objects = 0

    def read_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal objects
        objects += 1
        if objects > MAX_OBJECTS:
            raise ValueError(f"more than {MAX_OBJECTS} entries")
        found = dict(pairs)
        if len(found) != len(pairs):
            raise ValueError("two entries of one name")
        return found

    def refuse(constant: str) -> NoReturn:
        raise ValueError(f"{constant} is not JSON")

    if not raw.startswith(b"{"):
        _damaged(name, "what stands in the place of its header is none, so it is no safetensors file")
    try:
        table = json.loads(raw.decode(), object_pairs_hook=read_object, parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        raise ModelLoadFailed(f"{name} is damaged: its header cannot be read ({_short(error)}).") from error
    if not isinstance(table, dict):
        _damaged(name, "its header is not a table")
    return table


def _check(table: Mapping[str, Any], data_bytes: int, name: str) -> dict[str, TensorFacts]:
    tensors: dict[str, TensorFacts] = {}
    spans: list[tuple[int, int]] = []
    for key, entry in table.items():
        facts, span = _read_tensor(key, entry, name)
        tensors[key] = facts
        spans.append(span)
    spans.sort()
    at = 0
    for begin, end in spans:
        if begin != at:
            _damaged(name, "its tensors overlap" if begin < at else "there are gaps between its tensors")
        at = end
    if at > data_bytes:
        _damaged(name, f"{at - data_bytes} bytes are missing at its end; fetch it again")
    if at < data_bytes:
        _damaged(name, f"{data_bytes - at} bytes too many stand at its end")
    return tensors


def _read_tensor(key: str, entry: Any, name: str) -> tuple[TensorFacts, tuple[int, int]]:
    label = repr(key[:80])
    if not isinstance(entry, dict) or entry.keys() != {"dtype", "shape", "data_offsets"}:
        _damaged(name, f"the entry of {label} is not dtype, shape and data_offsets")
    dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(dtype, str) or dtype not in _BITS:
        _damaged(name, f"{label} is of a type that nobody knows")
    if not isinstance(shape, list) or len(shape) > MAX_DIMENSIONS or not all(map(_is_side, shape)):
        _damaged(name, f"the shape of {label} is none")
    if not isinstance(offsets, list) or len(offsets) != 2 or not all(type(at) is int for at in offsets):
        _damaged(name, f"the place of {label} is none")
    begin, end = offsets
    bits = _BITS[dtype]
    for side in shape:
        bits *= side
    if not 0 <= begin <= end or bits != (end - begin) * 8:
        _damaged(name, f"the shape of {label} does not fill its place")
    return TensorFacts(dtype, tuple(shape)), (begin, end)


def _is_side(value: object) -> bool:
    return type(value) is int and 0 <= value <= MAX_SIDE


def _damaged(name: str, why: str) -> NoReturn:
    raise ModelLoadFailed(f"{name} is damaged: {why}.")


def _short(error: BaseException) -> str:
    return str(error).partition("\n")[0][:100]
