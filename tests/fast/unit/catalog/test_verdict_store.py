"""Verdicts on labels: only added to, one stands, many steps back, nothing lost by a kill."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from gallery.catalog import Catalog, schema
from gallery.errors import CatalogError
from gallery.types import CollectionKind, Verdict

SAYS_UNTIL_KILLED = """
import sys
from pathlib import Path
from gallery.catalog import Catalog
from gallery.types import Verdict
catalog = Catalog.open(Path(sys.argv[1]))
n = 0
while True:
    catalog.give_verdict(sys.argv[2], f"label {n}", Verdict.MODEL_WRONG, person="Ada", token=f"t{n}")
    print(n, flush=True)
    n += 1
"""


@pytest.fixture
def open_shop(shop):
    shop.scan("a.jpg", "b.jpg")
    shop.a, shop.b = shop.read("a.jpg", "b.jpg")
    return shop


def standing(shop) -> dict[tuple[str, str], tuple[str, str | None]]:
    names = {shop.a: "a", shop.b: "b"}
    return {
        (names[photo], label): (given.verdict.value, given.other)
        for (photo, label), given in shop.catalog.standing_verdicts().items()
    }


def test_a_verdict_notes_who_and_what_was_shown(open_shop) -> None:
    open_shop.catalog.give_verdict(
        open_shop.a, "cat", Verdict.LABEL_WRONG, other="dog", person="Ada", model_id="m", shown_label="cow"
    )
    ((key, given),) = open_shop.catalog.standing_verdicts().items()
    assert key == (open_shop.a, "cat")
    assert (given.verdict, given.other, given.person) == (Verdict.LABEL_WRONG, "dog", "Ada")
    assert (given.shown_model_id, given.shown_label) == ("m", "cow")
    assert given.made_at.endswith("+00:00")


def test_the_last_verdict_on_a_photo_and_label_stands_and_labels_are_apart(open_shop) -> None:
    catalog = open_shop.catalog
    catalog.give_verdict(open_shop.a, "cat", Verdict.MODEL_WRONG, person="Ada")
    catalog.give_verdict(open_shop.b, "cat", Verdict.CANNOT_TELL, person="Ada")
    catalog.give_verdict(open_shop.a, "dog", Verdict.CANNOT_TELL, person="Ada")
    catalog.give_verdict(open_shop.a, "cat", Verdict.BOTH_IN_IT, other="cow", person="Bob")
    assert list(standing(open_shop).items()) == [
        (("b", "cat"), ("cannot tell", None)),
        (("a", "dog"), ("cannot tell", None)),
        (("a", "cat"), ("both animals in it", "cow")),
    ]
    assert list(catalog.standing_verdicts([open_shop.b])) == [(open_shop.b, "cat")]


def test_verdicts_are_taken_back_many_steps_and_only_ones_own(open_shop) -> None:
    catalog, a = open_shop.catalog, open_shop.a
    catalog.give_verdict(a, "cat", Verdict.MODEL_WRONG, person="Ada")
    catalog.give_verdict(a, "cat", Verdict.CANNOT_TELL, person="Bob")
    catalog.give_verdict(a, "cat", Verdict.LABEL_WRONG, person="Ada")
    assert catalog.take_back_verdict(a, "cat", person="Ada")
    assert standing(open_shop) == {("a", "cat"): ("cannot tell", None)}
    assert catalog.take_back_verdict(a, "cat", person="Ada")
    assert standing(open_shop) == {("a", "cat"): ("cannot tell", None)}
    assert not catalog.take_back_verdict(a, "cat", person="Ada")
    assert not catalog.take_back_verdict(a, "dog", person="Bob")
    assert catalog.take_back_verdict(a, "cat", person="Bob")
    assert standing(open_shop) == {}


def test_a_key_press_that_is_sent_again_counts_once(open_shop) -> None:
    catalog, a = open_shop.catalog, open_shop.a
    catalog.give_verdict(a, "cat", Verdict.MODEL_WRONG, person="Ada", token="k-1")
    for _ in range(2):
        catalog.give_verdict(a, "cat", Verdict.CANNOT_TELL, person="Ada", token="k-2")
    for _ in range(2):
        assert catalog.take_back_verdict(a, "cat", person="Ada", token="k-3")
    assert standing(open_shop) == {("a", "cat"): ("model wrong", None)}


def test_nothing_is_ever_deleted_and_removed_collections_keep_their_verdicts(open_shop) -> None:
    catalog, a = open_shop.catalog, open_shop.a
    catalog.give_verdict(a, "cat", Verdict.MODEL_WRONG, person="Ada")
    catalog.take_back_verdict(a, "cat", person="Ada")
    catalog.give_verdict(a, "cat", Verdict.CANNOT_TELL, person="Ada")
    catalog.remove_collection(open_shop.collection)
    with catalog._database.reading() as connection:
        rows = connection.execute("SELECT verdict, undoes FROM verdicts ORDER BY verdict_id").fetchall()
    assert rows == [("model wrong", None), (None, 1), ("cannot tell", None)]
    assert standing(open_shop) == {("a", "cat"): ("cannot tell", None)}


@pytest.mark.parametrize(
    ("verdict", "label", "other"),
    [
        (Verdict.LABEL_WRONG, "cat", "cat"),
        (Verdict.MODEL_WRONG, "cat", "dog"),
        (Verdict.CANNOT_TELL, "cat", "dog"),
        (Verdict.CANNOT_TELL, "", None),
    ],
)
def test_what_makes_no_sense_is_refused(open_shop, verdict: Verdict, label: str, other: str | None) -> None:
    with pytest.raises(CatalogError, match="Choose a class other than the label"):
        open_shop.catalog.give_verdict(open_shop.a, label, verdict, other=other, person="Ada")
    assert standing(open_shop) == {}


def test_an_unknown_photo_is_refused(open_shop) -> None:
    with pytest.raises(CatalogError, match="nothing was noted"):
        open_shop.catalog.give_verdict("00" * 32, "cat", Verdict.CANNOT_TELL, person="Ada")
    with pytest.raises(CatalogError, match="nothing was noted"):
        open_shop.catalog.take_back_verdict("00" * 32, "cat", person="Ada")


def test_a_verdict_does_not_make_browse_draw_itself_again(open_shop) -> None:
    before = open_shop.catalog.revision()
    open_shop.catalog.give_verdict(open_shop.a, "cat", Verdict.MODEL_WRONG, person="Ada")
    assert open_shop.catalog.revision() == before


def test_a_catalog_of_the_first_version_opens_and_takes_verdicts(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "catalog.sqlite3", isolation_level=None)
    schema.migrate(connection, tmp_path, schema.MIGRATIONS[:1])
    connection.execute(
        "INSERT INTO photos (photo_id, width_px, height_px, size_bytes, image_format, notes) "
        "VALUES ('ab', 1, 1, 1, 'JPEG', '[]')"
    )
    connection.close()
    with Catalog.open(tmp_path) as catalog:
        catalog.give_verdict("ab", "cat", Verdict.CANNOT_TELL, person="Ada")
        assert list(catalog.standing_verdicts()) == [("ab", "cat")]
        assert catalog.add_collection(tmp_path / "photos", CollectionKind.FOLDER).photo_count == 0


def test_a_kill_loses_no_verdict_that_was_reported(open_shop, tmp_path: Path, repository: Path) -> None:
    folder = tmp_path / "catalog"
    with subprocess.Popen(
        [sys.executable, "-c", SAYS_UNTIL_KILLED, str(folder), open_shop.a],
        env={**os.environ, "PYTHONPATH": str(repository)},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        reported = [process.stdout.readline().strip() for _ in range(20)]
        process.kill()
    with Catalog.open(folder) as catalog:
        labels = {label for _, label in catalog.standing_verdicts()}
        assert labels >= {f"label {n}" for n in reported}
        with catalog._database.reading() as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
