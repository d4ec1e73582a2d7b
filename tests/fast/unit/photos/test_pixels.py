"""Values of every depth and kind become 8-bit sRGB by a rule that is written down."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gallery.photos.decode import decode_photo
from tests.fast.unit.photos import made_photos as made


def both(folder: Path, data: bytes) -> tuple[np.ndarray, tuple[str, ...]]:
    path = made.write(folder, "photo", data)
    return made.upright(path), decode_photo(path, input_px=8, thumbnail_px=8).metadata.notes


@pytest.mark.parametrize(
    ("brightest", "white"), [(200, 255), (1000, 1023), (4095, 4095), (9000, 16383), (65535, 65535)]
)
@pytest.mark.parametrize("kind", ["TIFF", "PNG"])
def test_sixteen_bits_are_scaled_from_the_depth_that_holds_them(
    tmp_path: Path, brightest: int, white: int, kind: str
) -> None:
    ramp = np.linspace(0, brightest, 256).round().astype(np.uint16).reshape(16, 16)
    picture, notes = both(tmp_path, made.encoded(ramp, kind))
    expected = np.rint(ramp / white * 255).astype(np.uint8)
    for channel in range(3):
        np.testing.assert_array_equal(picture[..., channel], expected)
    assert notes == (f"16 bits: 0..{white:g} scaled to 0..255",)


def test_a_twelve_bit_ramp_does_not_turn_white(tmp_path: Path) -> None:
    ramp = np.arange(4096, dtype=np.uint16).reshape(64, 64)
    picture, _ = both(tmp_path, made.encoded(ramp, "TIFF"))
    assert (picture == 255).mean() < 0.01  # Pillow's convert("RGB") makes 93.6 % white


def test_big_endian_sixteen_bits_are_the_same_picture(tmp_path: Path) -> None:
    ramp = np.arange(4096, dtype=np.uint16).reshape(64, 64)
    big = Image.frombytes("I;16B", (64, 64), ramp.astype(">u2").tobytes())
    first, _ = both(tmp_path, made.encoded(ramp, "TIFF"))
    second, _ = both(tmp_path, made.encoded(big, "TIFF"))
    np.testing.assert_array_equal(first, second)


def test_a_tiff_in_which_zero_is_white_is_inverted(tmp_path: Path) -> None:
    ramp = np.arange(4096, dtype=np.uint16).reshape(64, 64)
    picture, notes = both(tmp_path, made.encoded(ramp, "TIFF", tiffinfo={262: 0}))
    assert picture[0, 0, 0] == 255
    assert picture[-1, -1, 0] == 0
    assert notes[-1] == "0 is white in this file"


def test_negative_values_are_scaled_from_darkest_to_brightest(tmp_path: Path) -> None:
    values = np.array([[-100, 0], [50, 100]], np.int32)
    picture, notes = both(tmp_path, made.encoded(values, "TIFF"))
    assert picture[..., 0].tolist() == [[0, 128], [191, 255]]
    assert notes == ("32 bits: -100..100 scaled to 0..255",)


def test_floats_between_zero_and_one_are_shares_of_white(tmp_path: Path) -> None:
    values = np.array([[0.0, 0.25], [0.5, 1.0]], np.float32)
    picture, notes = both(tmp_path, made.encoded(values, "TIFF"))
    assert picture[..., 0].tolist() == [[0, 64], [128, 255]]
    assert notes == ("floating point: 0..1 scaled to 0..255",)


def test_floats_that_are_no_numbers_become_black_or_the_end_they_stand_for(tmp_path: Path) -> None:
    values = np.array([[np.nan, -np.inf], [np.inf, 0.5]], np.float32)
    picture, notes = both(tmp_path, made.encoded(values, "TIFF"))
    assert picture[..., 0].tolist() == [[0, 0], [255, 128]]
    assert notes[1] == "3 values are no numbers: shown black, or white where infinite"


def test_a_float_picture_of_nothing_but_nan_is_black(tmp_path: Path) -> None:
    picture, _ = both(tmp_path, made.encoded(np.full((4, 4), np.nan, np.float32), "TIFF"))
    assert not picture.any()


def test_an_even_sixteen_bit_picture_is_even(tmp_path: Path) -> None:
    picture, _ = both(tmp_path, made.encoded(np.zeros((4, 4), np.uint16), "TIFF"))
    assert not picture.any()


def test_tall_sixteen_bit_pictures_are_converted_in_bands_without_a_seam(tmp_path: Path) -> None:
    rows = np.arange(1000, dtype=np.uint16)[:, None].repeat(3, axis=1)
    picture, _ = both(tmp_path, made.encoded(rows, "TIFF"))
    np.testing.assert_array_equal(picture[..., 0], np.rint(rows / 1023 * 255))


def test_sixteen_bit_colour_shows_its_upper_eight_bits_and_says_so(tmp_path: Path) -> None:
    cv2 = pytest.importorskip("cv2")
    bgr = np.full((6, 6, 3), (0x1234, 0x5678, 0x9ABC), np.uint16)
    picture, notes = both(tmp_path, cv2.imencode(".png", bgr)[1].tobytes())
    assert picture[0, 0].tolist() == [0x9A, 0x56, 0x12]
    assert notes == ("16 bits a channel: the upper 8 are shown",)


def test_transparency_is_laid_on_white(tmp_path: Path) -> None:
    rgba = np.zeros((2, 3, 4), np.uint8)
    rgba[:, 0] = (200, 0, 0, 255)
    rgba[:, 1] = (200, 0, 0, 128)
    rgba[:, 2] = (200, 0, 0, 0)
    picture, notes = both(tmp_path, made.encoded(rgba, "PNG"))
    assert picture[0, 0].tolist() == [200, 0, 0]
    assert picture[0, 1].tolist() == pytest.approx([227, 127, 127], abs=1)  # 128/255 of each
    assert picture[0, 2].tolist() == [255, 255, 255]
    assert notes == ("transparency is shown white",)


def test_an_alpha_channel_that_hides_nothing_is_not_worth_a_note(tmp_path: Path) -> None:
    rgba = np.dstack([made.corners(), np.full((64, 96), 255, np.uint8)])
    picture, notes = both(tmp_path, made.encoded(rgba, "PNG"))
    np.testing.assert_array_equal(picture, made.corners())
    assert notes == ()


def test_grey_with_alpha_is_laid_on_white(tmp_path: Path) -> None:
    grey = np.array([[[10, 255], [10, 0]]], np.uint8)
    picture, _ = both(tmp_path, made.encoded(Image.fromarray(grey, "LA"), "PNG"))
    assert picture[0].tolist() == [[10, 10, 10], [255, 255, 255]]


def test_a_palette_with_a_transparent_colour_is_laid_on_white(tmp_path: Path) -> None:
    image = Image.new("P", (2, 1))
    image.putpalette([200, 10, 10, 10, 200, 10])
    image.putpixel((1, 0), 1)
    for kind in ("PNG", "GIF"):
        picture, _ = both(tmp_path, made.encoded(image, kind, transparency=1))
        assert picture[0].tolist() == [[200, 10, 10], [255, 255, 255]], kind


def test_one_bit_pictures_are_black_and_white(tmp_path: Path) -> None:
    bits = Image.fromarray(np.array([[0, 255], [255, 0]], np.uint8)).convert("1")
    for kind in ("PNG", "TIFF", "BMP"):
        picture, _ = both(tmp_path, made.encoded(bits, kind))
        assert picture[..., 0].tolist() == [[0, 255], [255, 0]], kind


def test_cmyk_is_read_and_its_approximation_noted(tmp_path: Path) -> None:
    cyan = Image.new("CMYK", (16, 16), (255, 0, 0, 0))
    picture, notes = both(tmp_path, made.encoded(cyan, "TIFF"))
    assert picture[0, 0].tolist() == [0, 255, 255]
    assert notes == ("CMYK without a colour profile: colours are approximate",)
    picture, _ = both(tmp_path, made.encoded(cyan, "JPEG", quality=95))
    assert np.abs(picture[0, 0].astype(int) - (0, 255, 255)).max() < 6


def test_lab_is_brought_to_srgb(tmp_path: Path) -> None:
    white = Image.frombytes("LAB", (4, 4), bytes([255, 0, 0]) * 16)
    picture, _ = both(tmp_path, made.encoded(white, "TIFF"))
    assert picture.min() >= 253


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "WEBP"])
def test_a_colour_profile_is_obeyed(tmp_path: Path, kind: str) -> None:
    profile = made.profile_with_red_and_green_exchanged()
    red = np.full((16, 16, 3), made.RED, np.uint8)
    picture, notes = both(tmp_path, made.encoded(red, kind, icc_profile=profile, quality=98))
    assert np.abs(picture[8, 8].astype(int) - made.GREEN).max() < 8
    assert notes == ("colours converted from red is green",)


def test_an_srgb_profile_changes_nothing(tmp_path: Path) -> None:
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    picture, notes = both(tmp_path, made.encoded(made.corners(), "PNG", icc_profile=profile))
    np.testing.assert_array_equal(picture, made.corners())
    assert notes == ()


@pytest.mark.parametrize("profile", [b"garbage", made.profile_with_red_and_green_exchanged()[:200]])
def test_a_damaged_colour_profile_costs_nothing_but_a_note(tmp_path: Path, profile: bytes) -> None:
    picture, notes = both(tmp_path, made.encoded(made.corners(), "PNG", icc_profile=profile))
    np.testing.assert_array_equal(picture, made.corners())
    assert len(notes) == 1
    assert "ignored" in notes[0]


def test_a_colour_profile_on_a_grey_photo_is_tolerated(tmp_path: Path) -> None:
    grey = np.full((8, 8), 77, np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(grey).save(buffer, "PNG", icc_profile=made.profile_with_red_and_green_exchanged())
    picture, _ = both(tmp_path, buffer.getvalue())
    assert np.ptp(picture.astype(int)) < 4
