"""What the numbers of pixels mean: ICC profiles read, written and applied. Everything leaves here as sRGB.

A profile that is damaged, or of another kind than the pixels, is passed over: the pixels then count as sRGB, as they
do in browsers. Needs no torch.
"""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageCms

Point = tuple[float, float]
Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Chromaticities:
    """Where the white and the primaries of a space lie in CIE xy."""

    white: Point
    red: Point
    green: Point
    blue: Point


_D65: Point = (0.3127, 0.3290)
_D50_XYZ = np.array([0.9642, 1.0, 0.8249])
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
_BT709 = Chromaticities(_D65, (0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
# ITU-T H.273, table 2.
_PRIMARIES = {
    1: _BT709,
    5: Chromaticities(_D65, (0.64, 0.33), (0.29, 0.60), (0.15, 0.06)),
    6: Chromaticities(_D65, (0.63, 0.34), (0.31, 0.595), (0.155, 0.07)),
    7: Chromaticities(_D65, (0.63, 0.34), (0.31, 0.595), (0.155, 0.07)),
    9: Chromaticities(_D65, (0.708, 0.292), (0.17, 0.797), (0.131, 0.046)),
    11: Chromaticities((0.314, 0.351), (0.68, 0.32), (0.265, 0.69), (0.15, 0.06)),
    12: Chromaticities(_D65, (0.68, 0.32), (0.265, 0.69), (0.15, 0.06)),
}
_ADOBE_RGB = Chromaticities(_D65, (0.64, 0.33), (0.21, 0.71), (0.15, 0.06))
# Parameters of ICC's parametric curves: one number is a power, five are a power with a straight start.
_SRGB_CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
_BT709_CURVE = (1 / 0.45, 1 / 1.099, 0.099 / 1.099, 1 / 4.5, 0.081)
# ITU-T H.273, table 3. Those of HDR (16, 18) are no curves that a screen of limited brightness could show.
_CURVES: dict[int, tuple[float, ...]] = {
    1: _BT709_CURVE,
    4: (2.2,),
    5: (2.8,),
    6: _BT709_CURVE,
    8: (1.0,),
    13: _SRGB_CURVE,
    14: _BT709_CURVE,
    15: _BT709_CURVE,
}
# What programs that mean sRGB write into gAMA, and how near the primaries must be.
_SRGB_GAMMA, _NEAR_GAMMA, _NEAR_POINT = 0.45455, 0.005, 0.002
_CLASSES = ("scnr", "mntr", "prtr", "spac")
_SPACES = {"RGB ": "RGB", "GRAY": "L", "CMYK": "CMYK"}


def to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """RGB in sRGB of an image of mode L, RGB or CMYK whose numbers `profile` explains; the same where nothing changes."""
    transform = _transform(profile, image.mode) if profile else None
    if transform is not None:
        return transform.applied(image)
    return image if image.mode == "RGB" else image.convert("RGB")


def applies(profile: bytes, mode: str) -> bool:
    """Whether `profile` can explain the numbers of an image of mode L, RGB or CMYK."""
    return _read(profile, mode) is not None


def changes(profile: bytes, mode: str) -> bool:
    """Whether an image of this mode (L, RGB, CMYK) looks different by `profile` than as sRGB."""
    return _transform(profile, mode) is not None


def space_of(profile: bytes) -> str | None:
    """The mode (L, RGB, CMYK) that a profile is made for; None for one that cannot be read."""
    try:
        read = ImageCms.ImageCmsProfile(io.BytesIO(profile)).profile
        # "RGB", padded to four letters in the file.
        space = str(read.xcolor_space).ljust(4)
        return _SPACES.get(space) if str(read.device_class) in _CLASSES else None
    except Exception:  # noqa: BLE001 (a parser of foreign bytes; the picture itself is sound)
        return None


@dataclass(frozen=True)
class _Transform:
    mode: str
    transform: ImageCms.ImageCmsTransform

    def applied(self, image: Image.Image) -> Image.Image:
        plain = image if image.mode == self.mode else image.convert(self.mode)
        return ImageCms.applyTransform(plain, self.transform) or plain


def _read(profile: bytes, mode: str) -> _Transform | None:
    space = space_of(profile)
    # A profile for colour on a grey picture is common, and means the same grey in each channel.
    if space is None or (space != mode and (space, mode) != ("RGB", "L")):
        return None
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        return _Transform(space, ImageCms.buildTransform(source, _srgb(), space, "RGB"))
    except Exception:  # noqa: BLE001 (a parser of foreign bytes; the picture itself is sound)
        return None


def _transform(profile: bytes, mode: str) -> _Transform | None:
    """How to apply `profile`; None where that changes nothing, so that the pixels stay as they are to the bit."""
    found = _read(profile, mode)
    if found is None or mode == "CMYK":
        return found
    probe = _probe(mode)
    plain, seen = (np.asarray(image, np.int16) for image in (probe.convert("RGB"), found.applied(probe)))
    return found if np.abs(plain - seen).max() > 1 else None


@cache
def _srgb() -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


@cache
def _probe(mode: str) -> Image.Image:
    if mode == "L":
        return Image.fromarray(np.arange(256, dtype=np.uint8)[None])
    steps = np.linspace(0, 255, 9).astype(np.uint8)
    colours = np.stack(np.meshgrid(steps, steps, steps), axis=-1)
    return Image.fromarray(colours.reshape(27, 27, 3))


def profile_of_cicp(primaries: int, transfer: int) -> bytes | None:
    """The profile for code points of ITU-T H.273 in full range RGB; None for those that are not known here."""
    if primaries not in _PRIMARIES or transfer not in _CURVES:
        return None
    return _written(_PRIMARIES[primaries], _CURVES[transfer])


def profile_of_gamma(gamma: float | None, points: Chromaticities | None) -> bytes | None:
    """The profile for PNG's gAMA (an exponent such as 0.45455) and cHRM; None for sRGB and for nonsense."""
    usual = gamma is None or abs(gamma - _SRGB_GAMMA) < _NEAR_GAMMA
    if usual and (points is None or _near(points, _BT709)):
        return None
    if gamma is not None and not 0.1 <= gamma <= 10:
        return None
    curve = _SRGB_CURVE if gamma is None or usual else (1 / gamma,)
    try:
        return _written(points or _BT709, curve)
    except (ArithmeticError, np.linalg.LinAlgError, struct.error):
        return None


@cache
def adobe_rgb() -> bytes:
    """Adobe RGB (1998), for cameras that name it and carry no profile."""
    return _written(_ADOBE_RGB, (563 / 256,))


def _near(one: Chromaticities, other: Chromaticities) -> bool:
    def flat(points: Chromaticities) -> Matrix:
        return np.array([points.white, points.red, points.green, points.blue])

    return bool(np.abs(flat(one) - flat(other)).max() < _NEAR_POINT)


def _written(points: Chromaticities, curve: tuple[float, ...]) -> bytes:
    """An ICC profile (version 4) of three primaries and one curve. Raises ArithmeticError and LinAlgError."""
    white = _xyz(points.white)
    adapt = _to_d50(white)
    primaries = np.stack([_xyz(point) for point in (points.red, points.green, points.blue)], axis=1)
    colorants = adapt @ (primaries * np.linalg.solve(primaries, white))
    if not np.isfinite(colorants).all() or np.abs(colorants).max() > 4:
        raise ArithmeticError("no such primaries")
    shape = b"para\0\0\0\0" + struct.pack(">HH", 0 if len(curve) == 1 else 3, 0) + _fixed(*curve)
    tags = {
        b"desc": _words("RGB"),
        b"cprt": _words("CC0"),
        b"wtpt": b"XYZ \0\0\0\0" + _fixed(*_D50_XYZ),
        b"chad": b"sf32\0\0\0\0" + _fixed(*adapt.ravel()),
        **{name + b"TRC": shape for name in (b"r", b"g", b"b")},
        **{
            name + b"XYZ": b"XYZ \0\0\0\0" + _fixed(*colorants[:, number])
            for number, name in enumerate((b"r", b"g", b"b"))
        },
    }
    return _assembled(tags)


def _assembled(tags: dict[bytes, bytes]) -> bytes:
    table, bodies = struct.pack(">I", len(tags)), b""
    start = 128 + 4 + 12 * len(tags)
    for name, body in tags.items():
        table += name + struct.pack(">II", start + len(bodies), len(body))
        bodies += body + b"\0" * (-len(body) % 4)
    header = struct.pack(
        ">I4sI4s4s4s12s4s4sI4s4sQI12s4s44s",
        start + len(bodies), b"", 0x04200000, b"mntr", b"RGB ", b"XYZ ", struct.pack(">6H", 2000, 1, 1, 0, 0, 0),
        b"acsp", b"", 0, b"", b"", 0, 0, _fixed(*_D50_XYZ), b"", b"",
    )  # fmt: skip
    return header + table + bodies


def _xyz(point: Point) -> Matrix:
    x, y = point
    if y <= 0:
        raise ArithmeticError("no such point")
    return np.array([x / y, 1.0, (1 - x - y) / y])


def _to_d50(white: Matrix) -> Matrix:
    """How colours under `white` look under the white that profiles are made for (Bradford)."""
    scale = (_BRADFORD @ _D50_XYZ) / (_BRADFORD @ white)
    adapted: Matrix = np.linalg.inv(_BRADFORD) @ np.diag(scale) @ _BRADFORD
    return adapted


def _fixed(*values: float) -> bytes:
    return b"".join(struct.pack(">i", round(float(value) * 65536)) for value in values)


def _words(text: str) -> bytes:
    encoded = text.encode("utf-16-be")
    return b"mluc\0\0\0\0" + struct.pack(">II2s2sII", 1, 12, b"en", b"US", len(encoded), 28) + encoded
