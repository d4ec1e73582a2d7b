"""Dates and cameras are taken from EXIF, and never invented."""

from __future__ import annotations

import pytest
from PIL import Image

from gallery.photos.metadata import camera_name, parse_taken_at, read_facts


@pytest.mark.parametrize(
    ("written", "taken_at"),
    [
        ("2024:05:01 06:12:09", "2024-05-01T06:12:09"),
        ("2024-05-01 06:12:09", "2024-05-01T06:12:09"),
        ("2024:05:01T06:12:09\0", "2024-05-01T06:12:09"),
        (b"2024:05:01 06:12:09\0", "2024-05-01T06:12:09"),
        ("2024:05:01 06:12:09.37+02:00", "2024-05-01T06:12:09"),
        ("2024: 5: 4  6:12: 9", "2024-05-04T06:12:09"),
        ("2024:05:05 06:12", "2024-05-05T06:12:00"),
        ("0000:00:00 00:00:00", None),
        ("2024:13:01 06:12:09", None),
        ("2023:02:29 06:12:09", None),
        ("2024:05:01 24:12:09", None),
        ("    :  :     :  :  ", None),
        ("2024:05:01", None),
        ("", None),
        (None, None),
        (20240501, None),
        (("2024:05:01 06:12:09",), None),
    ],
)
def test_dates_are_read_or_left_out(written: object, taken_at: str | None) -> None:
    assert parse_taken_at(written) == taken_at


@pytest.mark.parametrize(
    ("original", "digitised", "changed", "taken_at"),
    [
        ("2024:05:01 06:12:09", "2024:05:02 00:00:00", "2024:05:03 00:00:00", "2024-05-01T06:12:09"),
        (None, "2024:05:02 00:00:00", "2024:05:03 00:00:00", "2024-05-02T00:00:00"),
        ("0000:00:00 00:00:00", None, "2024:05:06 06:12:09", "2024-05-06T06:12:09"),
        ("0000:00:00 00:00:00", "", None, None),
    ],
)
def test_the_date_of_the_exposure_wins_and_an_unset_clock_is_none(
    original: str | None, digitised: str | None, changed: str | None, taken_at: str | None
) -> None:
    image = Image.new("RGB", (8, 8))
    exif = image.getexif()
    inner = exif.get_ifd(0x8769)
    for directory, tag, text in (
        (inner, 0x9003, original), (inner, 0x9004, digitised), (exif, 0x0132, changed),
    ):  # fmt: skip
        if text is not None:
            directory[tag] = text
    assert read_facts(image).taken_at == taken_at


@pytest.mark.parametrize(
    ("make", "model", "camera"),
    [
        ("Canon", "Canon EOS 5D", "Canon EOS 5D"),
        ("NIKON CORPORATION", "NIKON D90", "NIKON D90"),
        ("Apple", "iPhone 14", "Apple iPhone 14"),
        ("Reconyx", None, "Reconyx"),
        (None, "HC500", "HC500"),
        ("  ", "\0\0", None),
        (b"Bushnell\0junk", b"119537C", "Bushnell 119537C"),
        ("A\nB\x1b[31m", "C\u202ed", "A B [31m C d"),
        (None, "x" * 500, "x" * 80),
        (7, (8, 9), None),
    ],
)
def test_cameras_are_one_clean_name(make: object, model: object, camera: str | None) -> None:
    assert camera_name(make, model) == camera
