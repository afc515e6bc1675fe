"""Hostile pictures made by code: each small to send, and dear or confusing to read. Knows nothing of the studio.

`python -m tests.attack.hostile_images FOLDER` writes them, so that who measures memory need not make them.
"""

import io
import json
import random
import struct
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

from PIL import Image, ImageCms

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_WIDE = 8192
Named = tuple[str, bytes]


def chunk(kind: bytes, body: bytes, *, length: int | None = None, check: int | None = None) -> bytes:
    """A chunk of a PNG; its length and its check may be wrong."""
    size = len(body) if length is None else length
    crc = zlib.crc32(kind + body) if check is None else check
    return struct.pack(">I", size) + kind + body + struct.pack(">I", crc)


def header(
    width: int, height: int, depth: int = 8, colour: int = 2, interlace: int = 0, method: int = 0
) -> bytes:
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, method, 0, interlace))


def pixels(bytes_of_a_row: int, rows: int) -> bytes:
    """Packed rows of zeros, made without holding them."""
    packing = zlib.compressobj(9)
    row = bytes(bytes_of_a_row + 1)
    return b"".join([*(packing.compress(row) for _ in range(rows)), packing.flush()])


def png(*chunks: bytes, width: int = 8, height: int = 8, body: bytes | None = None) -> bytes:
    """A small RGB PNG with these chunks before its pixels."""
    data = pixels(3 * width, height) if body is None else body
    return SIGNATURE + header(width, height) + b"".join(chunks) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def text_png(text: str, name: str = "parameters") -> bytes:
    return png(chunk(b"tEXt", name.encode() + b"\0" + text.encode("latin-1", "replace")))


def saved(format: str, size: tuple[int, int] = (16, 16), mode: str = "RGB", **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.new(mode, size).save(buffer, format, **options)
    return buffer.getvalue()


def webp_bomb(width: int, height: int) -> bytes:
    """A lossless WebP of one colour: its codes have no bits, so any size can be written into its header."""
    data = bytearray(saved("WEBP", lossless=True))
    place = data.index(b"VP8L") + 9
    bits = int.from_bytes(data[place : place + 4], "little") & ~0xFFFFFFF
    data[place : place + 4] = (bits | (width - 1) | (height - 1) << 14).to_bytes(4, "little")
    return bytes(data)


def jpeg_of_passes(passes: int, size: tuple[int, int]) -> bytes:
    """A progressive JPEG whose last scan comes again and again."""
    data = saved("JPEG", size, progressive=True)
    last = data.rindex(b"\xff\xda")
    return data[:-2] + data[last:-2] * passes + b"\xff\xd9"


def with_size(jpeg: bytes, width: int, height: int) -> bytes:
    """A JPEG whose header tells another size than its pixels have."""
    place = max(jpeg.find(b"\xff\xc0"), jpeg.find(b"\xff\xc2")) + 5
    return jpeg[:place] + struct.pack(">HH", height, width) + jpeg[place + 4 :]


def riff(*chunks: tuple[bytes, bytes]) -> bytes:
    body = b"".join(
        kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2) for kind, data in chunks
    )
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def bombs() -> Iterator[Named]:
    """Many pixels in few bytes."""
    for colour, each in ((0, 1), (2, 3), (4, 2), (6, 4)):
        for interlace in (0, 1):
            rows = pixels(each * _WIDE, _WIDE + (_WIDE if interlace else 0))
            head = header(_WIDE, _WIDE, 8, colour, interlace)
            yield (
                f"bomb-{colour}-{interlace}.png",
                SIGNATURE + head + chunk(b"IDAT", rows) + chunk(b"IEND", b""),
            )
    deep = (
        SIGNATURE
        + header(_WIDE, _WIDE, 16, 2)
        + chunk(b"IDAT", pixels(6 * _WIDE, _WIDE))
        + chunk(b"IEND", b"")
    )
    yield "bomb-deep.png", deep
    grey = (
        SIGNATURE
        + header(_WIDE, _WIDE, 16, 0)
        + chunk(b"IDAT", pixels(2 * _WIDE, _WIDE))
        + chunk(b"IEND", b"")
    )
    yield "bomb-deep-grey.png", grey
    palette = chunk(b"PLTE", bytes(6)) + chunk(b"tRNS", b"\0")
    bits = SIGNATURE + header(_WIDE, _WIDE, 1, 3) + palette
    yield "bomb-palette.png", bits + chunk(b"IDAT", pixels(_WIDE // 8, _WIDE)) + chunk(b"IEND", b"")
    for width, height in (
        (8192, 8192),
        (16383, 16383),
        (16383, 1),
        (1, 16383),
        (8192, 8191),
        (4096, 4096),
        (5000, 5000),
    ):
        yield f"bomb-{width}x{height}.webp", webp_bomb(width, height)
    frame = webp_bomb(8192, 8192)[12:]
    canvas = struct.pack("<I", 0x02) + (8191).to_bytes(3, "little") * 2
    frames = [(b"ANMF", bytes(6) + (8191).to_bytes(3, "little") * 2 + bytes(4) + frame)] * 50
    yield "bomb-frames.webp", riff((b"VP8X", canvas), (b"ANIM", bytes(6)), *frames)
    yield "bomb.jpg", saved("JPEG", (_WIDE, _WIDE), "L", quality=1)
    yield "bomb-colours.jpg", saved("JPEG", (_WIDE, _WIDE), quality=1)
    yield "bomb-progressive.jpg", saved("JPEG", (6000, 6000), progressive=True, quality=1)
    turned = Image.Exif()
    turned[0x0112] = 6
    yield "bomb-turned.jpg", saved("JPEG", (_WIDE, _WIDE), quality=1, exif=turned)
    yield "bomb-inks.jpg", saved("JPEG", (6000, 6000), "CMYK", quality=1)
    for passes in (20, 90, 190, 250, 5000):
        yield f"passes-{passes}.jpg", jpeg_of_passes(passes, (1500, 1500))
    yield "passes-190-wide.jpg", jpeg_of_passes(190, (4096, 4096))


def headers() -> Iterator[Named]:
    """Sizes that nothing can have, and fields with values that do not exist."""
    for number, (width, height) in enumerate(
        ((2**31 - 1, 2**31 - 1), (2**32 - 1, 1), (0, 8), (8, 0), (1, 2**31 - 1), (65535, 65535))
    ):
        yield (
            f"size-{number}.png",
            SIGNATURE + header(width, height) + chunk(b"IDAT", pixels(24, 8)) + chunk(b"IEND", b""),
        )
    for depth in (0, 3, 7, 32, 255):
        yield (
            f"depth-{depth}.png",
            SIGNATURE + header(8, 8, depth) + chunk(b"IDAT", pixels(24, 8)) + chunk(b"IEND", b""),
        )
    for colour in (1, 5, 7, 255):
        yield (
            f"colour-{colour}.png",
            SIGNATURE + header(8, 8, 8, colour) + chunk(b"IDAT", pixels(24, 8)) + chunk(b"IEND", b""),
        )
    yield (
        "interlace-9.png",
        SIGNATURE + header(8, 8, interlace=9) + chunk(b"IDAT", pixels(24, 8)) + chunk(b"IEND", b""),
    )
    yield (
        "method-9.png",
        SIGNATURE + header(8, 8, method=9) + chunk(b"IDAT", pixels(24, 8)) + chunk(b"IEND", b""),
    )
    for width, height in ((65535, 65535), (0, 0), (65535, 1), (1, 65535)):
        yield f"size-{width}x{height}.jpg", with_size(saved("JPEG"), width, height)
    yield "size-progressive.jpg", with_size(saved("JPEG", progressive=True), 8192, 8192)
    canvas = bytes(4) + b"\xff" * 6
    yield "canvas.webp", riff((b"VP8X", canvas), (b"VP8L", webp_bomb(16, 16)[20:]))
    yield "no-pixels.webp", riff((b"VP8X", bytes(10)))
    yield "nothing.webp", riff()


def palettes() -> Iterator[Named]:
    for depth in (1, 2, 4, 8):
        rows = chunk(b"IDAT", pixels(depth, 8)) + chunk(b"IEND", b"")
        head = SIGNATURE + header(8, 8, depth, 3)
        yield f"palette-none-{depth}.png", head + rows
        yield f"palette-cut-{depth}.png", head + chunk(b"PLTE", b"\1\2") + rows
        yield f"palette-long-{depth}.png", head + chunk(b"PLTE", bytes(3 * 300)) + rows
        yield f"palette-empty-{depth}.png", head + chunk(b"PLTE", b"") + rows
        beyond = chunk(b"IDAT", zlib.compress((b"\0" + b"\xff" * depth) * 8)) + chunk(b"IEND", b"")
        yield f"palette-beyond-{depth}.png", head + chunk(b"PLTE", bytes(3)) + beyond
        yield f"palette-clear-{depth}.png", head + chunk(b"tRNS", bytes(300)) + rows


def damaged() -> Iterator[Named]:
    """Cut off, wrong lengths and checks, and single bytes turned; the same ones each time."""
    sound = {name: saved(name.upper(), (40, 30)) for name in ("png", "jpeg", "webp")}
    chance = random.Random(7)
    for name, data in sound.items():
        for tenths in (1, 3, 5, 7, 9):
            yield f"cut-{tenths}.{name}", data[: len(data) * tenths // 10]
        for number in range(8):
            turned = bytearray(data)
            for _ in range(3):
                turned[chance.randrange(12, len(turned))] ^= 1 << chance.randrange(8)
            yield f"turned-{number}.{name}", bytes(turned)
        yield f"only-signature.{name}", data[:12]
        yield f"tail.{name}", data + bytes(100_000)
    yield "empty.png", b""
    yield "wrong-check.png", png(chunk(b"tEXt", b"a\0b", check=7))
    yield "wrong-check-of-pixels.png", SIGNATURE + header(8, 8) + chunk(b"IDAT", pixels(24, 8), check=7)
    for length in (2**31 - 1, 2**32 - 1, 0):
        yield f"length-{length}.png", png(chunk(b"tEXt", b"a\0b", length=length))
    yield "pixels-too-many.png", png(body=pixels(24, 100_000))
    yield "pixels-not-packed.png", png(body=b"x" * 1000)
    yield "segment-long.jpg", b"\xff\xd8\xff\xe1\xff\xff" + bytes(10)
    yield "segments.jpg", b"\xff\xd8" + b"\xff\xe5\0\2" * 200_000 + saved("JPEG")[2:]
    yield "fill.jpg", b"\xff\xd8" + b"\xff" * 500_000 + saved("JPEG")[2:]
    yield "chunks.png", png(chunk(b"teXt", b"") * 100_000)
    yield (
        "pieces.png",
        SIGNATURE + header(8, 8) + chunk(b"IDAT", b"") * 50_000 + chunk(b"IDAT", pixels(24, 8)),
    )


def texts() -> Iterator[Named]:
    """What a file says of itself, made to be read for long."""
    repeated = (
        '"        aa:"', "        aa:", "ab:[,", 'ab:"\\",', "\n", 'ab:x,"y', 'ab: {"a":"', "Steps: 2, a", " ", "Template: x\n",
        "Steps: 1\n", "\\", 'aa:["a",,', "<lora:", "Negative prompt:\n", ",,,", 'ab:"x\n', "a" * 99 + ":",
    )  # fmt: skip
    for number, unit in enumerate(repeated):
        yield f"infotext-{number}.png", text_png("a cat\n" + (unit * (200_000 // len(unit))))
        yield (
            f"infotext-{number}-settings.png",
            text_png("a\nSteps: 20, Seed: 3, Size: 5x5, " + unit * (60_000 // len(unit))),
        )
    for name in ("parameters", "pingvas", "prompt", "workflow", "Comment"):
        yield f"deep-{name}.png", text_png("[" * 200_000, name)
        yield f"deep-object-{name}.png", text_png('{"a":' * 100_000, name)
    yield "number.png", text_png('{"prompt": "a", "seed": ' + "9" * 200_000 + "}")
    yield "own-number.png", text_png('{"seed": 1e999, "steps": NaN, "prompt": "\\ud800\\u0000"}', "pingvas")
    wide = json.dumps({str(number): number for number in range(60_000)})
    yield "own-wide.png", text_png(wide, "pingvas")
    unpacked = zlib.compress(b"Steps: 1, " * 3_000_000, 9)
    yield "unpacks.png", png(chunk(b"zTXt", b"parameters\0\0" + unpacked) * 20)
    yield "unpacks-international.png", png(chunk(b"iTXt", b"parameters\0\1\0\0\0" + unpacked) * 20)
    graph = {
        str(n): {"class_type": "x", "inputs": {"positive": [str((n + 1) % 900), 0], "seed": 1}}
        for n in range(900)
    }
    yield "graph.png", text_png(json.dumps(graph), "prompt")


def notes() -> Iterator[Named]:
    """Profiles and EXIF that are none."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for name, body in (("none", b""), ("noise", b"x" * 5000), ("cut", profile[:200]), ("long", bytes(6 * 1024 * 1024)),
                       ("count", profile[:128] + b"\xff" * 4 + profile[132:]), ("length", b"\xff" * 4 + profile[4:])):  # fmt: skip
        yield f"profile-{name}.png", png(chunk(b"iCCP", b"x\0\0" + zlib.compress(body)))
        yield (
            f"profile-{name}.webp",
            riff(
                (b"VP8X", b"\x20" + bytes(3) + (15).to_bytes(3, "little") * 2),
                (b"ICCP", body),
                (b"VP8L", webp_bomb(16, 16)[20:]),
            ),
        )
    circle = b"MM\0*\0\0\0\x08" + struct.pack(">HHHII", 1, 0x8769, 4, 1, 8) + struct.pack(">I", 8)
    many = b"MM\0*\0\0\0\x08" + struct.pack(">H", 65535) + struct.pack(">HHII", 0x9286, 7, 2**31, 8) * 5000
    far = b"II*\0" + struct.pack("<I", 2**32 - 1)
    orientation = b"MM\0*\0\0\0\x08" + struct.pack(">HHHIHH", 1, 0x0112, 3, 1, 999, 0)
    for name, body in (
        ("circle", circle),
        ("many", many),
        ("far", far),
        ("orientation", orientation),
        ("noise", b"x" * 70),
    ):
        yield f"exif-{name}.png", png(chunk(b"eXIf", body))
        segment = b"Exif\0\0" + body[:65_000]
        yield (
            f"exif-{name}.jpg",
            b"\xff\xd8\xff\xe1" + struct.pack(">H", len(segment) + 2) + segment + saved("JPEG")[2:],
        )
    packet = b"http://ns.adobe.com/xap/1.0/\0" + b"<dc:description " * 4000
    yield "xmp.jpg", b"\xff\xd8\xff\xe1" + struct.pack(">H", len(packet) + 2) + packet + saved("JPEG")[2:]


def others() -> Iterator[Named]:
    """Formats that are not taken, some under another's name."""
    for format in ("GIF", "BMP", "TIFF", "ICO", "PPM", "TGA", "PCX", "DDS"):
        yield f"other.{format.lower()}", saved(format)
    yield "svg.png", b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>"
    yield "postscript.png", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9999999 9999999\n"


def hostile_images() -> Iterator[Named]:
    """Each with a name of its own."""
    for kind in (bombs, headers, palettes, damaged, texts, notes, others):
        yield from kind()


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    for file_name, content in hostile_images():
        (folder / file_name).write_bytes(content)
