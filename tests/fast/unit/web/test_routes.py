"""What the HTTP routes give, to whom, and what they refuse."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest
from PIL import Image
from starlette.routing import BaseRoute

from gallery.services import labelling, photo_lists, uploads, wiring
from gallery.services import tagging as tagging_service
from gallery.types import CollectionKind
from gallery.web import routes
from tests.apps.small_gallery import CLASS_NAMES, MODEL_ID, SmallGallery
from tests.fast.unit.web.asgi_client import OWN, ask

SAID = {"cat/a.png": {"cat": 0.75, "dog": 0.25}, "dog/b.png": {"dog": 1.0}}


@pytest.fixture
def gallery(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallGallery:
    """A cat, a dog, and one that waits."""
    made = SmallGallery.make(tmp_path, monkeypatch)
    made.add_model()
    for shade, path in enumerate([*SAID, "late.png"]):
        made.draw(path, (40 * shade, 120, 220))
    made.tag(SAID)
    return made


@pytest.fixture
def served() -> list[BaseRoute]:
    return routes.all_routes()


def listed(gallery: SmallGallery) -> photo_lists.PhotoList:
    from gallery.types import PhotoQuery

    file_ids = wiring.catalog().find_files(PhotoQuery(1, MODEL_ID))
    return photo_lists.register(file_ids, model_id=MODEL_ID, class_names=CLASS_NAMES)


def test_a_thumbnail_is_kept_for_ever_and_for_this_app_alone(
    gallery: SmallGallery, served: list[BaseRoute]
) -> None:
    answer = ask(served, f"/gallery/thumb/{gallery.photo_id('cat/a.png')}")
    assert answer.status == 200
    assert Image.open(io.BytesIO(answer.body)).size == (90, 60)
    assert answer.headers["cache-control"] == "private, max-age=31536000, immutable"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert "access-control-allow-origin" not in answer.headers


def test_a_deleted_thumbnail_is_made_again(gallery: SmallGallery, served: list[BaseRoute]) -> None:
    photo_id = gallery.photo_id("cat/a.png")
    wiring.thumbnails().path(photo_id).unlink()
    assert ask(served, f"/gallery/thumb/{photo_id}").status == 200
    assert wiring.thumbnails().get(photo_id) is not None


def test_the_large_view_falls_back_to_the_thumbnail_when_the_file_is_gone(
    gallery: SmallGallery, served: list[BaseRoute]
) -> None:
    photo_id = gallery.photo_id("dog/b.png")
    assert ask(served, f"/gallery/photo/{photo_id}").headers["cache-control"].endswith("immutable")
    (gallery.photos / "dog/b.png").unlink()
    answer = ask(served, f"/gallery/photo/{photo_id}")
    assert answer.status == 200
    assert answer.headers["cache-control"] == "no-store"


def test_a_picture_saved_under_the_same_name_is_not_shown_as_the_tagged_one(
    gallery: SmallGallery, served: list[BaseRoute]
) -> None:
    photo_id = gallery.photo_id("cat/a.png")
    thumbnail = wiring.thumbnails().get(photo_id)
    gallery.draw("cat/a.png", (1, 2, 3))
    answer = ask(served, f"/gallery/photo/{photo_id}")
    assert (answer.body, answer.headers["cache-control"]) == (thumbnail, "no-store")
    wiring.thumbnails().path(photo_id).unlink()
    assert ask(served, f"/gallery/thumb/{photo_id}").status == 404
    assert wiring.thumbnails().get(photo_id) is None


@pytest.mark.parametrize(
    "path",
    ["/gallery/thumb/../../secret", "/gallery/thumb/" + "g" * 64, "/gallery/thumb/" + "a" * 64,
     "/gallery/photo/etc%2Fpasswd", "/gallery/grid/" + "0" * 32 + "/0", "/gallery/grid/x/0",
     "/gallery/info/drawn-vgg16/99999", "/gallery/info/drawn-vgg16/" + "9" * 19,
     "/gallery/info/drawn-vgg16/" + "9" * 5000, "/gallery/grid/" + "0" * 32 + "/" + "9" * 5000,
     "/gallery/heatmap/..%2f/" + "a" * 64 + "/cat"],
)  # fmt: skip
def test_what_is_no_id_or_unknown_is_not_found(
    gallery: SmallGallery, served: list[BaseRoute], path: str
) -> None:
    assert ask(served, path).status == 404


def test_other_sites_get_nothing(gallery: SmallGallery, served: list[BaseRoute]) -> None:
    foreign = {"host": "localhost:8501", "sec-fetch-site": "cross-site"}
    for path in (
        f"thumb/{gallery.photo_id('cat/a.png')}",
        f"grid/{listed(gallery).token}/0",
        "folders?path=/",
    ):
        assert ask(served, f"/gallery/{path}", headers=foreign).status == 403


@pytest.mark.parametrize(
    "host", ["evil.test", "evil.test:8501", "localhost.evil.test", "127.0.0.1.evil.test:1", ""]
)
def test_a_name_that_was_pointed_at_this_machine_gets_and_sends_nothing(
    gallery: SmallGallery, served: list[BaseRoute], host: str
) -> None:
    rebound = {"host": host, "origin": f"http://{host}", "sec-fetch-site": "same-origin"}
    file_id = int(listed(gallery).file_ids[0])
    for path in (f"info/{MODEL_ID}/{file_id}", "folders?path=/", f"thumb/{gallery.photo_id('cat/a.png')}"):
        assert ask(served, f"/gallery/{path}", headers=rebound).status == 403
    assert ask(served, "/gallery/upload/begin", method="POST", headers=rebound).status == 403


def test_the_app_answers_to_its_own_names(gallery: SmallGallery, served: list[BaseRoute]) -> None:
    path = f"/gallery/thumb/{gallery.photo_id('cat/a.png')}"
    for host in ("localhost:8501", "127.0.0.1:8501", "LOCALHOST", "[::1]:8501"):
        assert ask(served, path, headers={"host": host}).status == 200


def test_a_grid_page_has_the_items_in_order_and_the_truth_beside_them(
    gallery: SmallGallery, served: list[BaseRoute]
) -> None:
    plain = ask(served, f"/gallery/grid/{listed(gallery).token}/0").json["items"]
    assert [(*row[2:6], row[8]) for row in plain] == [
        ("a.png", "cat", "cat", "model", None),
        ("b.png", "dog", "dog", "model", None),
        ("late.png", "", None, "waiting", None),
    ]
    known = photo_lists.register(
        np.array([row[0] for row in plain]), model_id=MODEL_ID, class_names=CLASS_NAMES,
        true_index=np.array([CLASS_NAMES.index("horse"), -1, -1]),
    )  # fmt: skip
    rows = ask(served, f"/gallery/grid/{known.token}/0").json["items"]
    assert [row[8] for row in rows] == ["horse", None, None]
    assert ask(served, f"/gallery/grid/{known.token}/7").json["items"] == []


def test_the_facts_of_a_photo_have_all_probabilities_and_its_evidence(
    gallery: SmallGallery, served: list[BaseRoute]
) -> None:
    file_id = int(listed(gallery).file_ids[0])
    wiring.catalog().correct([gallery.photo_id("cat/a.png")], "cow", person="eva", model_id=MODEL_ID)
    facts = ask(served, f"/gallery/info/{MODEL_ID}/{file_id}").json
    assert facts["probabilities"][:2] == [["cat", 0.75], ["dog", 0.25]]
    assert len(facts["probabilities"]) == 10
    assert facts["evidence"]["cat"]
    assert not facts["evidence"]["horse"]
    assert (facts["width_px"], facts["height_px"], facts["exists"]) == (90, 60, True)
    assert [(one["label"], one["person"]) for one in facts["opinions"]] == [("cow", "eva")]


def test_a_difference_is_orange_for_the_first_class_and_purple_for_the_second(
    gallery: SmallGallery, served: list[BaseRoute]
) -> None:
    place = f"/gallery/difference/{MODEL_ID}/{gallery.photo_id('cat/a.png')}"
    # both classes have their only evidence in one cell: 0.75 for the cat, 0.25 for the dog
    for names, colour in (("cat/dog", (230, 97, 1)), ("dog/cat", (94, 60, 153))):
        answer = ask(served, f"{place}/{names}")
        assert (answer.status, answer.headers["content-type"]) == (200, "image/png")
        pixels = np.asarray(Image.open(io.BytesIO(answer.body)))
        assert pixels.shape == (224, 224, 4)
        middle = pixels[7 * 16 + 8, 7 * 16 + 8]
        assert tuple(middle[:3]) == colour
        # two thirds of the scale, as far as the enlarged cell reaches its peak in the middle
        assert 0.55 * 255 < middle[3] <= 2 / 3 * 255 + 1
        assert pixels[0, 0, 3] == 0
    assert ask(served, f"{place}/cow/sheep").status == 204  # no evidence for either
    assert ask(served, f"{place}/cat/unicorn").status == 404


def test_a_heatmap_is_a_transparent_png_and_no_evidence_is_no_picture(
    gallery: SmallGallery, served: list[BaseRoute]
) -> None:
    place = f"/gallery/heatmap/{MODEL_ID}/{gallery.photo_id('cat/a.png')}"
    own = np.asarray(Image.open(io.BytesIO(ask(served, f"{place}/dog").body)).convert("RGBA"))
    shared = np.asarray(Image.open(io.BytesIO(ask(served, f"{place}/dog?with=cat").body)).convert("RGBA"))
    assert own.shape == (224, 224, 4)
    assert own[..., 3].max() >= 250, "alone, the hottest place is opaque"
    assert shared[..., 3].max() == pytest.approx(255 / 3, abs=4), "0.25 of the cat's 0.75"
    assert ask(served, f"{place}/horse").status == 204
    assert ask(served, f"{place}/unicorn").status == 404
    assert ask(served, f"{place}/cat?colour_map=rainbow").status == 404
    assert ask(served, f"{place}/cat?peak=x").status == 400


def test_a_selection_becomes_a_zip_of_copies_sorted_by_label(
    gallery: SmallGallery, served: list[BaseRoute]
) -> None:
    picked = ask(
        served,
        f"/gallery/pick/{listed(gallery).token}",
        method="POST",
        body=json.dumps([[0, 0], [2, 9]]).encode(),
    )
    assert picked.json["count"] == 2
    answer = ask(served, f"/gallery/download/zip/{picked.json['token']}")
    with zipfile.ZipFile(io.BytesIO(answer.body)) as archive:
        assert archive.namelist() == ["cat/a.png", "not tagged/late.png"]
        assert archive.read("cat/a.png") == (gallery.photos / "cat/a.png").read_bytes()
    name = unquote(answer.headers["content-disposition"])
    assert re.fullmatch(r"attachment; filename\*=UTF-8''photos \d{4}-\d\d-\d\d 2 photos\.zip", name)
    table = ask(served, f"/gallery/download/csv/{picked.json['token']}").body.decode("utf-8-sig").splitlines()
    assert len(table) == 3
    assert table[1].split(",")[1:3] == ["cat", "model"]
    results = ask(served, f"/gallery/download/megadetector/{picked.json['token']}")
    assert [one["file"] for one in results.json["images"]] == ["cat/a.png"]
    assert results.headers["content-disposition"].endswith("%202%20photos.json")
    sidecars = ask(served, f"/gallery/download/xmp/{picked.json['token']}?naming=stem&rating=1")
    with zipfile.ZipFile(io.BytesIO(sidecars.body)) as archive:
        assert archive.namelist() == ["cat/a.xmp"]
    assert ask(served, f"/gallery/download/xls/{picked.json['token']}").status == 404
    refused = ask(served, f"/gallery/download/camtrap-dp/{picked.json['token']}?latitude=95&longitude=1")
    assert (refused.status, "95, 1 is no place" in refused.json["error"]) == (404, True)


@pytest.mark.parametrize(
    "body", [b"[]", b"no json", b'[["a", 3]]', b"[[5, 2]]", b'{"a": 1}', b"[[true, true]]"]
)
def test_an_empty_or_senseless_selection_is_refused(
    gallery: SmallGallery, served: list[BaseRoute], body: bytes
) -> None:
    answer = ask(served, f"/gallery/pick/{listed(gallery).token}", method="POST", body=body)
    assert answer.status == 400
    assert answer.json["error"] == "No photo is selected."


@pytest.fixture
def tagged_collections(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The collections that were to be tagged; no process starts."""
    collections: list[int] = []
    monkeypatch.setattr(tagging_service, "start_job", collections.append)
    return collections


def test_an_upload_streams_to_disk_and_becomes_a_collection(
    gallery: SmallGallery, served: list[BaseRoute], tagged_collections: list[int]
) -> None:
    upload = ask(served, "/gallery/upload/begin?name=trip", method="POST").json["upload"]
    photo = (gallery.photos / "cat/a.png").read_bytes()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("in/zip.png", photo)
        archive.writestr("../outside.png", photo)
        archive.writestr("notes.txt", "no photo")
    for name, content in (("a.png", photo), ("sub/b.png", photo), ("all.zip", packed.getvalue())):
        answer = ask(
            served, f"/gallery/upload/{upload}/file?name={name}", method="POST", body=content, chunk=100
        )
        assert answer.status == 200, answer.body
    folder = uploads.folder_of(upload)
    listed = b'[["a.png", %d], ["sub/b.png", 1], ["c.png", 5]]' % len(photo)
    assert ask(served, f"/gallery/upload/{upload}/missing", method="POST", body=listed).json == [1, 2]
    unsent = b'[["notes.odt", "It is no photo and no zip."], "nonsense"]'
    finished = ask(served, f"/gallery/upload/{upload}/finish", method="POST", body=unsent).json
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert {"a.png", "sub/b.png", "in/zip.png"} <= there
    assert not any("notes" in name or name.endswith((".zip", ".part")) for name in there)
    assert not (folder.parent / "outside.png").exists()
    collection = wiring.catalog().collection(finished["collection"])
    assert (collection.kind, collection.root) == (CollectionKind.UPLOAD, folder)
    assert tagged_collections == [collection.collection_id]
    assert [name for name, _ in finished["left_out"]] == ["notes.odt", "all.zip: notes.txt"]
    assert [[one.name, one.reason] for one in uploads.left_out(collection)] == finished["left_out"]
    for late in ("discard", "file?name=late.png"):  # as of a person who cancels while it is unpacked
        assert ask(served, f"/gallery/upload/{upload}/{late}", method="POST", body=photo).status == 400
    assert there == {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    again = ask(served, f"/gallery/upload/{upload}/finish", method="POST").json
    assert again == finished, "as for a browser that did not get the answer"


def test_an_upload_that_is_no_photo_is_refused_with_a_sentence(
    gallery: SmallGallery, served: list[BaseRoute], tagged_collections: list[int]
) -> None:
    upload = ask(served, "/gallery/upload/begin", method="POST").json["upload"]
    answer = ask(served, f"/gallery/upload/{upload}/file?name=run.exe", method="POST", body=b"MZ")
    assert answer.status == 400
    assert "neither a photo nor a zip" in answer.json["error"]
    finished = ask(served, f"/gallery/upload/{upload}/finish", method="POST").json
    assert (finished["files"], finished["collection"]) == (0, None)
    assert tagged_collections == []


def test_a_cancelled_upload_leaves_nothing(gallery: SmallGallery, served: list[BaseRoute]) -> None:
    upload = ask(served, "/gallery/upload/begin", method="POST").json["upload"]
    photo = (gallery.photos / "cat/a.png").read_bytes()
    ask(served, f"/gallery/upload/{upload}/file?name=a.png", method="POST", body=photo)
    folder = uploads.folder_of(upload)
    assert ask(served, f"/gallery/upload/{upload}/discard", method="POST").status == 200
    assert not folder.exists()
    assert ask(served, f"/gallery/upload/{upload}/file?name=b.png", method="POST", body=photo).status == 400


@pytest.mark.parametrize(
    "headers",
    [{"host": "localhost:8501"}, OWN | {"origin": "http://evil.test"}, OWN | {"origin": "null"},
     OWN | {"sec-fetch-site": "cross-site"}, OWN | {"sec-fetch-site": "same-site"}],
)  # fmt: skip
def test_other_sites_cannot_post(
    gallery: SmallGallery, served: list[BaseRoute], headers: dict[str, str]
) -> None:
    for path in ("upload/begin", f"pick/{listed(gallery).token}"):
        answer = ask(served, f"/gallery/{path}", method="POST", headers=headers, body=b"[[0,0]]")
        assert answer.status == 403


def test_labels_are_kept_as_their_browser_sends_them(gallery: SmallGallery, served: list[BaseRoute]) -> None:
    shown = listed(gallery)
    before = ask(served, "/gallery/revision").json["revision"]
    files = ask(served, f"/gallery/grid/{shown.token}/files").json
    assert files == shown.file_ids.tolist()
    entry = {"sequence": 1, "kind": "label", "person": "Ada", "model": MODEL_ID, "collection": 1}
    queue = {
        "catalog": labelling.catalog_name(),
        "client": "tab",
        "entries": [entry | {"label": "cow", "files": files[:1]}],
    }
    answer = ask(served, "/gallery/said", method="POST", body=json.dumps(queue).encode()).json
    assert (answer["upto"], answer["answers"], answer["waits"]) == (1, {}, None)
    assert answer["revision"] == ask(served, "/gallery/revision").json["revision"] > before
    assert wiring.catalog().grid_items(files[:1], MODEL_ID)[0].label == "cow"


@pytest.mark.parametrize(("body", "status"), [(b"{", 400), (b"x" * 8_000_001, 413)], ids=["torn", "endless"])
def test_what_is_no_queue_of_labels_is_refused(
    gallery: SmallGallery, served: list[BaseRoute], body: bytes, status: int
) -> None:
    assert ask(served, "/gallery/said", method="POST", body=body).status == status


def test_another_site_cannot_label(gallery: SmallGallery, served: list[BaseRoute]) -> None:
    headers = OWN | {"origin": "https://elsewhere.example", "sec-fetch-site": "cross-site"}
    assert ask(served, "/gallery/said", method="POST", headers=headers, body=b"{}").status == 403


def test_a_photo_that_is_zoomed_into_has_the_files_own_pixels(
    gallery: SmallGallery, served: list[BaseRoute]
) -> None:
    Image.new("RGB", (3000, 20), (9, 90, 200)).save(gallery.photos / "wide.png")
    gallery.tag(SAID)
    photo_id = gallery.photo_id("wide.png")
    sizes = [
        Image.open(io.BytesIO(ask(served, f"/gallery/photo/{photo_id}{query}").body)).width
        for query in ("", "?whole")
    ]
    assert sizes == [1600, 3000]


def test_all_addresses_lie_where_the_app_is_served() -> None:
    """Streamlit puts its own routes below ``server.baseUrlPath``, and leaves ours where they say."""
    program = (
        "from streamlit import config; config.set_option('server.baseUrlPath', '/lab/one/')\n"
        "from gallery.web import addresses, routes\n"
        "print(addresses.THUMBNAILS, *{one.path[:17] for one in routes.all_routes()})"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["/lab/one/gallery/thumb/", "/lab/one/gallery/"]
