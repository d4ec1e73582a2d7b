"""The one loader: every kind of photo becomes the same upright sRGB picture."""

from __future__ import annotations

import hashlib
import io
import os
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from gallery.photos.decode import decode_photo, large_jpeg, squash
from gallery.photos.digest import picture_digest
from gallery.photos.reading import UnreadablePhoto, read_regular_file
from gallery.types import DecodedPhoto, SkipReason
from tests.fast.unit.photos import made_photos as made

LOSSLESS = {
    "PNG": {},
    "TIFF": {},
    "TIFF deflate": {"compression": "tiff_adobe_deflate"},
    "TIFF lzw": {"compression": "tiff_lzw"},
    "BMP": {},
    "DIB": {},
    "WEBP": {"lossless": True},
}


def read(path: Path) -> DecodedPhoto:
    return decode_photo(path, input_px=32, thumbnail_px=48)


def skipped(path: Path) -> SkipReason:
    with pytest.raises(UnreadablePhoto) as caught:
        read(path)
    assert caught.value.skipped.path == path
    assert caught.value.skipped.detail.strip()
    return caught.value.skipped.reason


@pytest.mark.parametrize("kind", LOSSLESS)
def test_lossless_formats_come_back_pixel_for_pixel(tmp_path: Path, kind: str) -> None:
    data = made.encoded(made.corners(), kind.split()[0], **LOSSLESS[kind])
    path = made.write(tmp_path, "photo.jpg", data)  # the name says nothing of the content
    np.testing.assert_array_equal(made.upright(path), made.corners())
    assert read(path).metadata.image_format == kind.split()[0]


@pytest.mark.parametrize("kind", ["JPEG", "AVIF", "WEBP"])
def test_lossy_formats_come_back_nearly(tmp_path: Path, kind: str) -> None:
    picture = made.scene(160, 120)
    path = made.write(tmp_path, "photo", made.encoded(picture, kind, quality=95))
    assert np.abs(made.upright(path).astype(int) - picture).mean() < 6


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP", "AVIF"])
def test_every_orientation_is_turned_upright_and_so_are_its_sizes(
    tmp_path: Path, orientation: int, kind: str
) -> None:
    stored = np.ascontiguousarray(made.INTO_ORIENTATION[orientation](made.corners(96, 64)))
    data = made.encoded(stored, kind, exif=made.exif(orientation=orientation), quality=95)
    path = made.write(tmp_path, "photo", data)
    upright = made.upright(path)
    assert upright.shape == (64, 96, 3)
    for (row, column), colour in {
        (8, 12): made.RED,
        (8, 84): made.GREEN,
        (56, 12): made.BLUE,
        (56, 84): made.WHITE,
    }.items():
        assert np.abs(upright[row, column].astype(int) - colour).max() < 12
    photo = read(path)
    assert (photo.metadata.width_px, photo.metadata.height_px) == (96, 64)
    with Image.open(io.BytesIO(photo.thumbnail_jpeg)) as thumbnail:
        assert thumbnail.size == (48, 32)
        assert thumbnail.getpixel((6, 4))[0] > 200  # type: ignore[index]
    assert photo.model_input[4, 4, 0] > 200
    assert photo.model_input[28, 28].min() > 200


def test_a_photo_is_known_by_its_picture_and_its_file_by_its_bytes(tmp_path: Path) -> None:
    data = made.encoded(made.corners(), "PNG")
    photo = read(made.write(tmp_path, "a.png", data))
    assert photo.photo_id == picture_digest(data)
    assert photo.metadata.file_sha256 == hashlib.sha256(data).hexdigest()


def test_thumbnails_are_never_enlarged_and_keep_the_aspect(tmp_path: Path) -> None:
    small = decode_photo(
        made.write(tmp_path, "s.png", made.encoded(made.corners(20, 10), "PNG")), input_px=8, thumbnail_px=48
    )
    with Image.open(io.BytesIO(small.thumbnail_jpeg)) as thumbnail:
        assert (thumbnail.size, thumbnail.format) == ((20, 10), "JPEG")
    line = read(made.write(tmp_path, "l.png", made.encoded(made.corners(4000, 2), "PNG")))
    with Image.open(io.BytesIO(line.thumbnail_jpeg)) as thumbnail:
        assert thumbnail.size == (48, 1)


def test_the_model_input_is_the_whole_photo_squashed(tmp_path: Path) -> None:
    picture = made.scene(300, 200)
    photo = decode_photo(
        made.write(tmp_path, "a.png", made.encoded(picture, "PNG")), input_px=224, thumbnail_px=320
    )
    expected = np.asarray(Image.fromarray(picture).resize((224, 224), Image.Resampling.BICUBIC))
    np.testing.assert_array_equal(photo.model_input, expected)
    np.testing.assert_array_equal(squash(picture, 224), expected)


def test_a_twelve_megapixel_jpeg_is_decoded_at_an_eighth_and_keeps_its_true_size(tmp_path: Path) -> None:
    picture = np.asarray(Image.fromarray(made.scene(500, 375)).resize((4000, 3000)))
    path = made.write(tmp_path, "a.jpg", made.encoded(picture, "JPEG", quality=88))
    photo = decode_photo(path, input_px=224, thumbnail_px=320)
    with Image.open(path) as drafted:
        drafted.draft(None, (500, 375))
        assert drafted.size == (500, 375)
        expected = np.asarray(drafted.resize((224, 224), Image.Resampling.BICUBIC))
    np.testing.assert_array_equal(photo.model_input, expected)
    full = squash(made.upright(path), 224)
    assert np.abs(photo.model_input.astype(int) - full).mean() < 1.5
    assert (photo.metadata.width_px, photo.metadata.height_px) == (4000, 3000)


def test_a_large_png_is_shrunk_faithfully(tmp_path: Path) -> None:
    picture = np.asarray(Image.fromarray(made.scene(425, 325)).resize((1700, 1300)))
    path = made.write(tmp_path, "a.png", made.encoded(picture, "PNG", compress_level=1))
    photo = decode_photo(path, input_px=224, thumbnail_px=320)
    assert np.abs(photo.model_input.astype(int) - squash(picture, 224)).mean() < 1.5


def test_the_large_view_fits_and_carries_no_metadata(tmp_path: Path) -> None:
    data = made.encoded(made.scene(900, 600), "JPEG", exif=made.exif(model="Secret"), comment=b"at home")
    jpeg = large_jpeg(made.write(tmp_path, "a.jpg", data), 300)
    assert b"Secret" not in jpeg
    assert b"at home" not in jpeg
    with Image.open(io.BytesIO(jpeg)) as image:
        assert image.size == (300, 200)
        assert not image.getexif()


def test_thumbnails_carry_no_metadata_of_the_original(tmp_path: Path) -> None:
    data = made.encoded(made.scene(90, 60), "JPEG", exif=made.exif(model="Secret"), comment=b"at home")
    thumbnail = read(made.write(tmp_path, "a.jpg", data)).thumbnail_jpeg
    assert b"Secret" not in thumbnail
    assert b"at home" not in thumbnail


def test_an_animation_gives_its_first_frame_and_says_so(tmp_path: Path) -> None:
    path = made.write(tmp_path, "a.gif", made.animated_gif())
    assert made.upright(path)[5, 5].tolist() == list(made.RED)
    assert read(path).metadata.notes == ("the first of 3 frames",)


def test_a_document_of_pages_gives_its_first_page_and_says_so(tmp_path: Path) -> None:
    pages = [Image.new("RGB", (20, 10), colour) for colour in (made.BLUE, made.RED)]
    data = made.encoded(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    path = made.write(tmp_path, "a.tif", data)
    assert made.upright(path)[5, 5].tolist() == list(made.BLUE)
    assert read(path).metadata.notes == ("the first of 2 pages",)


def test_the_second_picture_of_a_stereo_jpeg_is_not_an_animation(tmp_path: Path) -> None:
    pictures = [Image.new("RGB", (200, 100), colour) for colour in (made.BLUE, made.RED)]
    data = made.encoded(pictures[0], "MPO", save_all=True, append_images=pictures[1:])
    photo = read(made.write(tmp_path, "a.jpg", data))
    assert (photo.metadata.image_format, photo.metadata.notes) == ("JPEG", ())
    assert np.abs(photo.model_input[5, 5].astype(int) - made.BLUE).max() < 6


def test_a_damaged_later_frame_does_not_cost_the_first(tmp_path: Path) -> None:
    data = made.animated_gif()
    path = made.write(tmp_path, "a.gif", data[:-20])
    assert made.upright(path)[5, 5].tolist() == list(made.RED)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "TIFF"])
def test_date_and_camera_are_read(tmp_path: Path, kind: str) -> None:
    facts = made.exif(make="Reconyx", model="HC500", taken="2024:05:01 06:12:09")
    options = {"exif": facts}
    if kind == "TIFF":  # whose tags are EXIF's own
        options = {"tiffinfo": {0x010F: "Reconyx", 0x0110: "HC500", 0x8769: {0x9003: "2024:05:01 06:12:09"}}}
    metadata = read(made.write(tmp_path, "a", made.encoded(made.corners(), kind, **options))).metadata
    assert (metadata.taken_at, metadata.camera) == ("2024-05-01T06:12:09", "Reconyx HC500")


def test_damaged_exif_costs_the_date_and_not_the_photo(tmp_path: Path) -> None:
    good = made.encoded(made.corners(), "JPEG", exif=made.exif(make="Reconyx", taken="2024:05:01 06:12:09"))
    start = good.index(b"Exif\0\0") + 6
    bad = good[: start + 8] + b"\xff" * 20 + good[start + 28 :]
    metadata = read(made.write(tmp_path, "a.jpg", bad)).metadata
    assert (metadata.width_px, metadata.height_px) == (96, 64)
    assert metadata.taken_at is None


@pytest.mark.parametrize("name", made.HOSTILE)
def test_hostile_files_are_skipped_with_their_reason(tmp_path: Path, name: str) -> None:
    build, reason = made.HOSTILE[name]
    assert skipped(made.write(tmp_path, name, build())).value == reason


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes on Windows")
def test_a_named_pipe_is_refused_without_waiting_for_a_writer(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    assert skipped(tmp_path / "pipe.jpg") is SkipReason.NOT_A_REGULAR_FILE


def test_a_folder_named_like_a_photo_is_no_regular_file(tmp_path: Path) -> None:
    (tmp_path / "x.jpg").mkdir()
    assert skipped(tmp_path / "x.jpg") is SkipReason.NOT_A_REGULAR_FILE


def test_a_missing_file_has_vanished(tmp_path: Path) -> None:
    assert skipped(tmp_path / "gone.jpg") is SkipReason.VANISHED


def test_a_name_with_a_null_byte_is_refused(tmp_path: Path) -> None:
    assert skipped(tmp_path / "a\0b.jpg") is SkipReason.DAMAGED


def test_a_file_above_the_size_limit_is_refused_unread(tmp_path: Path) -> None:
    with pytest.raises(UnreadablePhoto) as caught:
        read_regular_file(made.write(tmp_path, "a.jpg", bytes(2_000_001)), limit_bytes=2_000_000)
    assert caught.value.skipped.reason is SkipReason.TOO_LARGE
    sparse = tmp_path / "sparse.jpg"
    with sparse.open("wb") as file:
        file.truncate(1_000_000_001)
    assert skipped(sparse) is SkipReason.TOO_LARGE


def test_a_file_that_may_not_be_read_says_so(
    shared_folder: Path, become_ordinary_user: Callable[[], None]
) -> None:
    path = made.write(shared_folder, "a.jpg", made.encoded(made.corners(), "JPEG"))
    path.chmod(0)
    become_ordinary_user()
    assert skipped(path) is SkipReason.NO_PERMISSION


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="names are Unicode there")
def test_a_name_that_is_not_utf8_is_no_obstacle(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9.png")
    made.write(tmp_path, path.name, made.encoded(made.corners(), "PNG"))
    assert read(path).path == path
    broken = made.write(tmp_path, os.fsdecode(b"br\xfbl\xe9.png"), b"nothing")
    with pytest.raises(UnreadablePhoto) as caught:
        read(broken)
    str(caught.value).encode()  # what people see is clean text


def test_heic_without_its_package_names_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    monkeypatch.delitem(Image.OPEN, "HEIF", raising=False)
    path = made.write(tmp_path, "IMG_1.HEIC", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(50))
    with pytest.raises(UnreadablePhoto) as caught:
        read(path)
    assert caught.value.skipped.reason is SkipReason.HEIC_NOT_INSTALLED
    assert "pip install pillow-heif" in caught.value.skipped.detail


@pytest.mark.parametrize("orientation", [1, 6])
def test_heic_with_its_package_is_read_upright(tmp_path: Path, orientation: int) -> None:
    pillow_heif = pytest.importorskip("pillow_heif")
    stored = np.ascontiguousarray(made.INTO_ORIENTATION[orientation](made.corners(96, 64)))
    facts = made.exif(orientation=orientation, model="Phone", taken="2024:05:01 06:12:09")
    pillow_heif.from_pillow(Image.fromarray(stored)).save(tmp_path / "a.heic", exif=facts.tobytes())
    upright = made.upright(tmp_path / "a.heic")
    assert upright.shape == (64, 96, 3)
    assert np.abs(upright[8, 12].astype(int) - made.RED).max() < 30
    assert np.abs(upright[56, 12].astype(int) - made.BLUE).max() < 30
    metadata = read(tmp_path / "a.heic").metadata
    assert (metadata.image_format, metadata.camera) == ("HEIF", "Phone")
    assert (metadata.width_px, metadata.taken_at) == (96, "2024-05-01T06:12:09")
    made.write(tmp_path, "cut.heic", (tmp_path / "a.heic").read_bytes()[:-100])
    assert skipped(tmp_path / "cut.heic") is SkipReason.DAMAGED


@pytest.mark.parametrize("cut", [2, 30, 200])
def test_a_jpeg_without_its_last_bytes_is_read_with_a_note(tmp_path: Path, cut: int) -> None:
    whole = made.encoded(made.scene(300, 200), "JPEG", quality=90)
    photo = read(made.write(tmp_path, "a.jpg", whole[:-cut]))
    (note,) = photo.metadata.notes
    assert note.startswith("the file ends early")
    assert photo.metadata.size_bytes == len(whole) - cut
    above = made.upright(tmp_path / "a.jpg")[:150]
    made.write(tmp_path, "whole.jpg", whole)
    assert np.array_equal(above, made.upright(tmp_path / "whole.jpg")[:150])


def test_a_jpeg_that_lacks_half_its_picture_is_damaged(tmp_path: Path) -> None:
    whole = made.encoded(made.scene(300, 200), "JPEG", quality=90)
    with pytest.raises(UnreadablePhoto, match="of the picture is missing") as caught:
        read(made.write(tmp_path, "a.jpg", whole[: len(whole) // 2]))
    assert caught.value.skipped.reason is SkipReason.DAMAGED


def test_stray_bytes_before_a_jpeg_are_passed_over_and_a_jpeg_inside_another_file_is_not(
    tmp_path: Path,
) -> None:
    whole = made.encoded(made.scene(90, 60), "JPEG")
    assert read(made.write(tmp_path, "a.jpg", b"\r\n\r\n" + whole)).metadata.notes == (
        "4 stray bytes before the picture",
    )
    for start in (b"%PDF-1.7 ", b"x" * 500):
        assert skipped(made.write(tmp_path, "b.jpg", start + whole)) is SkipReason.NOT_A_PHOTO


def test_a_png_with_an_endless_text_is_read_without_it(tmp_path: Path) -> None:
    info = PngInfo()
    info.add_text("prompt", "a fox " * 400_000, zip=True)
    path = made.write(tmp_path, "a.png", made.encoded(made.corners(), "PNG", pnginfo=info))
    assert read(path).metadata.notes == ("its texts were not read",)


def test_photos_that_use_a_small_part_of_16_bits_are_stretched_and_say_so(tmp_path: Path) -> None:
    cv2 = pytest.importorskip("cv2")
    ramp = np.tile(np.linspace(300, 4000, 256).astype(np.uint16), (64, 1))  # 12 bits in 16
    deep = np.stack([ramp, ramp[:, ::-1], ramp], axis=2)
    path = made.write(tmp_path, "a.png", cv2.imencode(".png", deep)[1].tobytes())
    photo = read(path)
    assert photo.metadata.notes[-1].endswith("a small part of 0..65535, stretched to 0..255")
    shown = made.upright(path)
    assert (int(shown.min()), int(shown.max())) == (0, 255)
    assert shown[0, 40, 0] < shown[0, 200, 0]  # red and blue rise, green falls
    assert shown[0, 40, 1] > shown[0, 200, 1]
    hot = np.tile(np.linspace(100, 220, 256).astype(np.uint16), (64, 1))
    hot[0, 0] = 60_000
    grey = read(made.write(tmp_path, "b.png", made.encoded(Image.fromarray(hot), "PNG")))
    assert "a small part of 0..65535, stretched" in grey.metadata.notes[0]
    assert grey.metadata.brightness == pytest.approx(127, abs=3)
