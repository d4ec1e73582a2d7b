"""Photos made for the tests, each named by what is particular about it."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from gallery.photos import decode
from gallery.photos.pool import DecodePool

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)

INTO_ORIENTATION = {
    1: lambda upright: upright,
    2: np.fliplr,
    3: lambda upright: np.rot90(upright, 2),
    4: np.flipud,
    5: lambda upright: np.transpose(upright, (1, 0, 2)),
    6: lambda upright: np.rot90(upright, 1),
    7: lambda upright: np.rot90(np.transpose(upright, (1, 0, 2)), 2),
    8: lambda upright: np.rot90(upright, -1),
}
"""How the pixels lie in a file of each EXIF orientation (EXIF 2.32, 4.6.4: row 0 and column 0)."""


def upright(path: Path) -> np.ndarray:
    """Return a file's picture in its full size, as all that the loader gives is made of it."""
    data = path.read_bytes()
    with decode._faults_named(path, data):
        return np.asarray(decode._load(data, path, least=None).image)


def worker_pids(pool: DecodePool) -> list[int]:
    """Return the process ids of a pool's workers that are running now."""
    return [process._process.pid for process in pool._processes if process.alive]


def corners(width: int = 96, height: int = 64) -> np.ndarray:
    """Return a picture with another colour in each quarter: any turn or mirroring shows."""
    picture = np.zeros((height, width, 3), np.uint8)
    picture[: height // 2, : width // 2] = RED
    picture[: height // 2, width // 2 :] = GREEN
    picture[height // 2 :, : width // 2] = BLUE
    picture[height // 2 :, width // 2 :] = WHITE
    return picture


def scene(width: int, height: int) -> np.ndarray:
    """Return a smooth, detailed picture, much like a photo to a codec."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    waves = [np.sin(x / (9 + 3 * c)) * np.cos(y / (11 + 2 * c)) + np.sin((x + y) / 50) for c in range(3)]
    return np.clip(np.dstack(waves) * 60 + 128, 0, 255).astype(np.uint8)


def encoded(picture: np.ndarray | Image.Image, format: str, **options: Any) -> bytes:
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def png_that_claims(width: int, height: int) -> bytes:
    """Return a PNG of a few bytes whose header announces any size."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 64))
        + chunk(b"IEND", b"")
    )


def slow_jpeg(side: int = 6000, scans: int = 4000) -> bytes:
    """Return a small progressive JPEG that repeats its last scan: each one walks over all blocks again."""
    jpeg = encoded(Image.new("L", (side, side)), "JPEG", progressive=True)
    last_scan = jpeg[jpeg.rindex(b"\xff\xda") : -2]
    return jpeg[:-2] + last_scan * scans + jpeg[-2:]


def animated_gif() -> bytes:
    frames = [Image.new("RGB", (20, 10), colour) for colour in (RED, GREEN, BLUE)]
    return encoded(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=100)


def profile_with_red_and_green_exchanged() -> bytes:
    """Return an ICC matrix profile whose red primary is sRGB's green and the other way round."""

    def fixed(value: float) -> bytes:
        return struct.pack(">i", round(value * 65536))

    def xyz(*values: float) -> bytes:
        return b"XYZ \0\0\0\0" + b"".join(map(fixed, values))

    red, green, blue = (0.4361, 0.2225, 0.0139), (0.3851, 0.7169, 0.0971), (0.1431, 0.0606, 0.7141)  # D50
    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(2.2 * 256)) + b"\0\0"
    name = b"red is green\0"
    described = b"desc\0\0\0\0" + struct.pack(">I", len(name)) + name + b"\0" * (4 + 4 + 2 + 1 + 67)
    described += b"\0" * (-len(described) % 4)
    tags = {
        b"desc": described,
        b"cprt": b"text\0\0\0\0none\0\0\0\0",
        b"wtpt": xyz(0.9642, 1.0, 0.8249),
        b"rXYZ": xyz(*green),
        b"gXYZ": xyz(*red),
        b"bXYZ": xyz(*blue),
        b"rTRC": curve,
        b"gTRC": curve,
        b"bTRC": curve,
    }
    offset = 128 + 4 + 12 * len(tags)
    table, body = struct.pack(">I", len(tags)), b""
    for tag, data in tags.items():
        table += tag + struct.pack(">II", offset + len(body), len(data))
        body += data
    header = bytearray(128)
    header[0:4] = struct.pack(">I", 128 + len(table) + len(body))
    header[8:12] = b"\x02\x10\0\0"
    header[12:24] = b"mntrRGB XYZ "
    header[24:36] = struct.pack(">6H", 2024, 1, 1, 0, 0, 0)
    header[36:40] = b"acsp"
    header[68:80] = fixed(0.9642) + fixed(1.0) + fixed(0.8249)
    return bytes(header) + table + body


def exif(**fields: Any) -> Image.Exif:
    """Return EXIF with the fields orientation, make, model, taken."""
    data = Image.Exif()
    for name, tag in (("orientation", 0x0112), ("make", 0x010F), ("model", 0x0110)):
        if name in fields:
            data[tag] = fields[name]
    if "taken" in fields:
        data.get_ifd(0x8769)[0x9003] = fields["taken"]
    return data


def _jpeg() -> bytes:
    return encoded(scene(160, 120), "JPEG", quality=90)


HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "empty.jpg": (lambda: b"", "empty file"),
    "truncated.jpg": (lambda: _jpeg()[: len(_jpeg()) // 2], "damaged or truncated"),
    "only the first bytes.jpg": (lambda: _jpeg()[:5], "damaged or truncated"),
    "html.jpg": (lambda: b"<!DOCTYPE html><html><body>Not found</body></html>", "not a supported photo"),
    "zeros.png": (lambda: bytes(5000), "not a supported photo"),
    "eps.jpg": (lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not a supported photo"),
    "truncated.png": (lambda: encoded(scene(200, 100), "PNG")[:3000], "damaged or truncated"),
    "flipped bit.png": (lambda: _flipped(encoded(scene(64, 64), "PNG"), 60), "damaged or truncated"),
    "bomb.png": (lambda: png_that_claims(20_000, 20_000), "too large"),
    "just over the limit.png": (lambda: png_that_claims(20_000, 10_001), "too large"),
    "endless width.png": (lambda: png_that_claims(2_000_000_000, 1), "too large"),
    "lying size.png": (lambda: png_that_claims(9_000, 9_000), "damaged or truncated"),
    "bomb.gif": (lambda: b"GIF89a\xff\xff\xff\xff\0\0\0,\0\0\0\0\xff\xff\xff\xff\0\x02\0;", "too large"),
    "loop of pages.tif": (lambda: b"II*\0\x08\0\0\0\0\0\x08\0\0\0", "damaged or truncated"),
    "truncated.webp": (lambda: encoded(scene(90, 90), "WEBP")[:200], "damaged or truncated"),
    "truncated.avif": (lambda: encoded(scene(90, 90), "AVIF")[:400], "damaged or truncated"),
}
"""Name: (its bytes, the reason it is skipped for)."""


def _flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :]


def write(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path
