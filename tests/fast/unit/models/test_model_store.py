"""The model store: nothing half-written, nothing executed, nothing that crashes the list."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import os
import pickle
import threading
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gallery.errors import ModelError
from gallery.files import read_arrays
from gallery.models import ModelStore, read_weights
from gallery.settings import DEFAULT_MODEL_ID
from gallery.types import ModelCard

WEIGHTS = {
    "fc1/kernel": np.array([[0.1, -2.0], [3.0, 65504.0]], np.float32),
    "fc1/bias": np.array([0.5, 1e-6], np.float32),
}


def make_card(model_id: str = "my-model", **changes: Any) -> ModelCard:
    card = ModelCard(
        model_id=model_id,
        name="A model",
        architecture="vgg16-gap",
        class_names=("dog", "cat"),
        input_px=224,
        preprocessing="caffe",
        resize="squash",
        target_layer="block5_conv3",
        temperature=0.82,
        weights_file="weights.npz",
        weights_sha256="",
        parameter_count=0,
        created_at="2026-11-21T12:00:00Z",
        trained_on={"photos": 7819},
        limits=("ten classes only",),
    )
    return dataclasses.replace(card, **changes)


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    return ModelStore(tmp_path / "shipped", tmp_path / "home" / "models")


def ship(store: ModelStore, card: ModelCard) -> Path:
    """Put a model where the repository's would be."""
    return ModelStore(store.own / "nowhere", store.shipped).save(card, WEIGHTS)


def rewrite_card(folder: Path, **changes: Any) -> None:
    path = folder / "card.json"
    data = json.loads(path.read_text("utf-8")) | changes
    path.write_text(json.dumps({key: value for key, value in data.items() if value is not ...}), "utf-8")


def put_weights(folder: Path, content: bytes) -> None:
    """Replace the weights and let the card agree, as a stranger would."""
    (folder / "weights.npz").write_bytes(content)
    rewrite_card(folder, weights_sha256=hashlib.sha256(content).hexdigest())


def test_saved_model_is_read_back_with_its_card_and_float16_weights(store: ModelStore) -> None:
    folder = store.save(
        make_card(), WEIGHTS, evaluation={"accuracy": 0.5}, history=[{"epoch": 1, "loss": 2.5}]
    )

    (entry,) = store.entries()
    assert entry.ok
    assert entry.own
    assert entry.card == dataclasses.replace(
        make_card(),
        parameter_count=6,
        weights_sha256=hashlib.sha256((folder / "weights.npz").read_bytes()).hexdigest(),
    )
    weights = store.weights("my-model")
    assert list(weights) == list(WEIGHTS)
    for name, tensor in WEIGHTS.items():
        assert weights[name].dtype == np.float16
        np.testing.assert_array_equal(weights[name], tensor.astype(np.float16))
    assert store.verify("my-model") is None
    assert store.evaluation("my-model") == {"accuracy": 0.5}
    assert (folder / "history.csv").read_text("utf-8") == "epoch,loss\n1,2.5\n"


def test_float16_weights_survive_a_second_saving_unchanged(store: ModelStore) -> None:
    store.save(make_card("first"), WEIGHTS)
    once = store.weights("first")
    store.save(make_card("second"), once)
    for name, tensor in store.weights("second").items():
        np.testing.assert_array_equal(tensor, once[name])


def test_validation_photos_are_kept_apart_from_those_trained_on(store: ModelStore) -> None:
    card = make_card()
    store.save(card, WEIGHTS, training_photos=["ab" * 32], validation_photos=["cd" * 32, "ef" * 32])
    assert store.training_photos(card.model_id) == {"ab" * 32}
    assert store.validation_photos(card.model_id) == {"cd" * 32, "ef" * 32}


def test_training_photos_are_one_hash_a_line(store: ModelStore) -> None:
    folder = store.save(make_card(), WEIGHTS, training_photos=["ab" * 32, "cd" * 32])
    assert (folder / "training_photos.txt").read_text("ascii") == f"{'ab' * 32}\n{'cd' * 32}\n"
    model_id = make_card().model_id
    assert store.training_photos(model_id) == {"ab" * 32, "cd" * 32}
    (folder / "training_photos.txt").unlink()
    assert store.training_photos(model_id) == frozenset(), "this model does not tell"
    with pytest.raises(ModelError):
        store.training_photos("no-such-model")


def test_model_without_evaluation_has_none(store: ModelStore) -> None:
    store.save(make_card(), WEIGHTS)
    assert store.evaluation("my-model") is None


def test_empty_stores_have_no_models_and_nothing_active(store: ModelStore) -> None:
    assert store.entries() == []
    assert store.active_id() is None
    with pytest.raises(ModelError, match=r"no model called 'x'. Models that are here: none"):
        store.card("x")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_weights_that_are_not_finite_are_not_saved(store: ModelStore, value: float) -> None:
    with pytest.raises(ModelError, match="fc1/bias holds values that are not finite"):
        store.save(make_card(), WEIGHTS | {"fc1/bias": np.array([value])})
    assert store.entries() == []


def test_weight_beyond_float16_is_refused_by_its_name(store: ModelStore) -> None:
    with pytest.raises(ModelError, match=r"fc1/bias holds 7e\+04, beyond float16"):
        store.save(make_card(), WEIGHTS | {"fc1/bias": np.array([-70000.0])})


@pytest.mark.parametrize(
    "model_id", ["", "a", "../evil", "a/b", ".hidden", "Große", "con ", "x" * 65, "ends-"]
)
def test_id_that_is_no_safe_folder_name_is_refused(store: ModelStore, model_id: str) -> None:
    with pytest.raises(ModelError, match="cannot be a model's id"):
        store.save(make_card(model_id), WEIGHTS)


def test_id_in_use_is_refused_and_the_old_model_stays(store: ModelStore) -> None:
    store.save(make_card(), WEIGHTS)
    with pytest.raises(ModelError, match="is a model called my-model already"):
        store.save(make_card(), {"fc1/kernel": np.zeros(1)})
    assert set(store.weights("my-model")) == set(WEIGHTS)


def test_own_model_cannot_be_saved_under_a_shipped_name(store: ModelStore) -> None:
    ship(store, make_card("shipped-one"))
    with pytest.raises(ModelError, match="is a model called shipped-one already"):
        store.save(make_card("shipped-one"), WEIGHTS)


def test_own_folder_with_a_shipped_name_never_shadows_it(store: ModelStore) -> None:
    shipped = ship(store, make_card("twin"))
    ModelStore(store.own / "nowhere", store.own).save(make_card("twin"), {"fc1/kernel": np.ones(3)})

    first, second = store.entries()
    assert first.ok
    assert first.folder == shipped
    assert "Rename the folder" in (second.problem or "")
    assert set(store.weights("twin")) == set(WEIGHTS)
    with pytest.raises(ModelError, match="built in"):
        store.remove("twin")


@pytest.mark.parametrize(
    "broken",
    [
        {"evaluation": {"accuracy": float("nan")}},
        {"evaluation": {"x": object()}},
        {"history": [{"epoch": 1}, {"loss": 2}]},
    ],
)
def test_failed_saving_leaves_nothing_behind(store: ModelStore, broken: dict[str, Any]) -> None:
    with pytest.raises(ModelError, match="could not be saved"):
        store.save(make_card(), WEIGHTS, **broken)
    assert list(store.own.iterdir()) == []


def test_saving_that_was_killed_halfway_is_not_listed(store: ModelStore) -> None:
    killed = store.own / ".saving-abc"
    killed.mkdir(parents=True)
    (killed / "weights.npz").write_bytes(b"half")
    assert store.entries() == []


def test_of_two_savings_at_once_exactly_one_wins(store: ModelStore) -> None:
    barrier = threading.Barrier(2)
    refused: list[ModelError] = []

    def save() -> None:
        barrier.wait()
        try:
            store.save(make_card(), WEIGHTS)
        except ModelError as exc:
            refused.append(exc)

    threads = [threading.Thread(target=save) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    assert store.verify("my-model") is None
    assert [path.name for path in store.own.iterdir()] == ["my-model"]


def test_home_that_cannot_be_written_is_said_in_a_sentence(store: ModelStore) -> None:
    store.own.parent.mkdir(parents=True)
    store.own.write_bytes(b"a file where the folder should be")
    with pytest.raises(ModelError, match="could not be saved in"):
        store.save(make_card(), WEIGHTS)
    ship(store, make_card("shipped-one"))
    with pytest.raises(ModelError, match="could not be written"):
        store.activate("shipped-one")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permission bits")
def test_saved_model_can_be_read_by_the_other_users_of_the_home(store: ModelStore) -> None:
    folder = store.save(make_card(), WEIGHTS)
    assert folder.stat().st_mode & 0o055 == 0o055


def test_changed_weights_are_noticed_and_the_remedy_named(store: ModelStore) -> None:
    folder = store.save(make_card(), WEIGHTS)
    content = bytearray((folder / "weights.npz").read_bytes())
    content[len(content) // 2] ^= 1
    (folder / "weights.npz").write_bytes(content)

    assert store.entries()[0].ok  # listing does not hash
    problem = store.verify("my-model")
    assert problem is not None
    assert "SHA-256" in problem
    assert "train or import it again" in problem
    with pytest.raises(ModelError, match="damaged or was replaced"):
        store.weights("my-model")


class CreatesAFile:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self.path,))


def test_pickles_in_a_weights_file_are_refused_and_never_run(store: ModelStore, tmp_path: Path) -> None:
    folder = store.save(make_card(), WEIGHTS)
    trap = tmp_path / "code ran"
    bearing = tmp_path / "bearing.npz"
    np.savez(bearing, **{"fc1/kernel": np.array([CreatesAFile(trap)], dtype=object)})
    for content in (bearing.read_bytes(), pickle.dumps(CreatesAFile(trap))):
        put_weights(folder, content)
        with pytest.raises(ModelError, match="never pickles"):
            store.weights("my-model")
    assert not trap.exists()


def test_damaged_and_foreign_files_are_refused_in_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "weights.npz"
    np.savez(path, **WEIGHTS)  # type: ignore[arg-type]
    whole = path.read_bytes()
    for content in (b"", whole[: len(whole) // 2], b"\x93NUMPY" + bytes(100), b"<html>"):
        path.write_bytes(content)
        with pytest.raises(ModelError, match="not a file of plain weights"):
            read_weights(path)


def test_integers_are_no_weights(tmp_path: Path) -> None:
    path = tmp_path / "weights.npz"
    np.savez(path, **{"fc1/kernel": np.array([1, 2])})
    with pytest.raises(ModelError, match=r"fc1/kernel in .* holds int64"):
        read_weights(path)


def test_archive_that_unpacks_to_gigabytes_is_refused_before_it_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "bomb.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros.npy", bytes(2_000_000))
    monkeypatch.setitem(read_arrays.__kwdefaults__, "limit_bytes", 1_000_000)
    with pytest.raises(ModelError, match=r"unpacks to 0.0 GB"):
        read_weights(path)


@pytest.mark.parametrize("shape", [f"({10**12},)", f"({10**22},)", "(-5,)", f"({2**32}, {2**32})"])
def test_an_array_that_says_it_is_huge_is_refused(tmp_path: Path, shape: str) -> None:
    header = f"{{'descr': '<f2', 'fortran_order': False, 'shape': {shape}, }}"
    path = tmp_path / "huge.npz"
    with zipfile.ZipFile(path, "w") as archive:
        start = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little")
        archive.writestr("fc1/kernel.npy", start + header.encode() + bytes(64))
    with pytest.raises(ModelError, match="not a file of plain weights"):
        read_weights(path)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"temperature": ..., "class_names": ...}, "lacks class_names, temperature"),
        ({"temperature": 0}, "temperature must be above 0"),
        ({"temperature": "warm"}, "temperature is 'warm'"),
        ({"temperature": True}, "temperature is True"),
        ({"temperature": 10**400}, "temperature must be above 0 and below 1000"),
        ({"input_px": 8}, "input_px must be 32 to 1024"),
        ({"class_names": ["dog"]}, "two or more different names"),
        ({"class_names": ["dog", "dog"]}, "two or more different names"),
        ({"class_names": ["dog", ["cat"]]}, "two or more different names"),
        ({"weights_file": "../../etc/passwd"}, "plain file name"),
        ({"weights_file": "missing.npz"}, "has no missing.npz"),
        ({"model_id": "another"}, "card of 'another'"),
        ({"tested_on": 3}, "tested_on is not a JSON object"),
        ({"limits": "none"}, "limits is not a list"),
    ],
)
def test_card_that_cannot_be_used_is_an_entry_with_a_problem(
    store: ModelStore, changes: dict[str, Any], said: str
) -> None:
    rewrite_card(store.save(make_card(), WEIGHTS), **changes)
    (entry,) = store.entries()
    assert said in (entry.problem or "")
    assert "Restore" in (entry.problem or "")
    assert store.verify("my-model") == entry.problem
    assert store.active_id() is None
    with pytest.raises(ModelError):
        store.activate("my-model")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b"[" * 100_000, b"{}"])
def test_card_that_is_no_card_is_an_entry_with_a_problem(store: ModelStore, content: bytes) -> None:
    folder = store.save(make_card(), WEIGHTS)
    (folder / "card.json").write_bytes(content)
    (entry,) = store.entries()
    assert entry.card is None
    assert not entry.ok


def test_fields_of_a_later_version_do_not_hurt(store: ModelStore) -> None:
    rewrite_card(store.save(make_card(), WEIGHTS), invented_later={"a": 1})
    assert store.entries()[0].ok


def test_shipped_models_come_first_and_the_default_is_active(store: ModelStore) -> None:
    store.save(make_card("aaa"), WEIGHTS)
    ship(store, make_card("another"))
    ship(store, make_card(DEFAULT_MODEL_ID))
    assert [entry.model_id for entry in store.entries()] == [DEFAULT_MODEL_ID, "another", "aaa"]
    assert store.active_id() == DEFAULT_MODEL_ID


def test_activated_model_stays_active_for_every_reader(store: ModelStore) -> None:
    ship(store, make_card(DEFAULT_MODEL_ID))
    store.save(make_card(), WEIGHTS)
    store.activate("my-model")
    assert ModelStore(store.shipped, store.own).active_id() == "my-model"
    assert [entry.model_id for entry in store.entries()] == [DEFAULT_MODEL_ID, "my-model"]


def test_unknown_model_cannot_be_activated(store: ModelStore) -> None:
    store.save(make_card(), WEIGHTS)
    with pytest.raises(ModelError, match=r"no model called 'other'\. Models that are here: my-model"):
        store.activate("other")


def test_removed_active_model_gives_way_to_the_default(store: ModelStore) -> None:
    ship(store, make_card(DEFAULT_MODEL_ID))
    store.save(make_card(), WEIGHTS)
    store.activate("my-model")
    store.remove("my-model")
    assert store.active_id() == DEFAULT_MODEL_ID
    assert not (store.own / "my-model").exists()


def test_the_id_of_a_removed_model_is_not_given_again(store: ModelStore) -> None:
    store.save(make_card(), WEIGHTS)
    store.remove("my-model")
    assert store.taken("my-model")
    assert not store.taken("my-mode")
    with pytest.raises(ModelError, match="there was one, and predictions refer to it"):
        ModelStore(store.shipped, store.own).save(make_card(), WEIGHTS)
    store.save(make_card("my-model-2"), WEIGHTS)


@pytest.mark.parametrize("name", ["my model", "mod\u00e8le", "100%", "a&b"])
def test_a_model_whose_id_fits_no_address_is_listed_with_its_problem(store: ModelStore, name: str) -> None:
    folder = store.save(make_card(), WEIGHTS)
    rewrite_card(folder, model_id=name)
    folder.rename(folder.with_name(name))
    (entry,) = store.entries()
    assert entry.problem is not None
    assert "Rename its folder" in entry.problem
    assert store.active_id() is None


@pytest.mark.parametrize("content", [b"", b"null", b'{"model_id": ["x"]}', b'{"model_id": 3}'])
def test_unreadable_choice_falls_back_to_the_default(store: ModelStore, content: bytes) -> None:
    ship(store, make_card(DEFAULT_MODEL_ID))
    store.own.mkdir(parents=True)
    (store.own / "active.json").write_bytes(content)
    assert store.active_id() == DEFAULT_MODEL_ID


def test_a_model_that_waited_elsewhere_is_adopted_whole_and_once(store: ModelStore, tmp_path: Path) -> None:
    waiting = ModelStore(tmp_path / "none", tmp_path / "waiting")
    place = waiting.save(make_card(), WEIGHTS)
    assert store.adopt(place) == store.own / "my-model"
    assert store.verify("my-model") is None
    assert not place.exists()
    again = waiting.save(make_card(), WEIGHTS)
    with pytest.raises(ModelError, match="already"):
        store.adopt(again)
    assert again.exists()
    other = waiting.save(make_card("other"), WEIGHTS)
    (other / "weights.npz").write_bytes(b"cut off")
    with pytest.raises(ModelError, match="not those of its card"):
        store.adopt(other)


def test_a_hash_in_capital_letters_is_the_same_hash(store: ModelStore) -> None:
    folder = store.save(make_card(), WEIGHTS)
    written = store.card(folder.name).weights_sha256
    rewrite_card(folder, weights_sha256=written.upper())
    assert store.verify(folder.name) is None
    assert store.card(folder.name).weights_sha256 == written


def test_an_own_model_is_renamed_and_keeps_its_id_and_a_shipped_one_is_not(store: ModelStore) -> None:
    store.save(make_card(), WEIGHTS)
    ship(store, make_card(DEFAULT_MODEL_ID))
    store.rename("my-model", "  Füchse im Wald ")
    assert store.card("my-model").name == "Füchse im Wald"
    assert store.verify("my-model") is None
    with pytest.raises(ModelError, match="needs a name"):
        store.rename("my-model", " ")
    with pytest.raises(ModelError, match="built in"):
        store.rename(DEFAULT_MODEL_ID, "Mine")


def test_an_exported_model_is_added_elsewhere_and_beside_itself_under_another_id(
    store: ModelStore, tmp_path: Path
) -> None:
    store.save(make_card(), WEIGHTS, training_photos=["a" * 64])
    packed = store.export("my-model")
    elsewhere = ModelStore(tmp_path / "none", tmp_path / "other" / "models")
    assert elsewhere.import_zip(io.BytesIO(packed)) == "my-model"
    assert elsewhere.card("my-model") == store.card("my-model")
    assert elsewhere.training_photos("my-model") == {"a" * 64}
    again = store.import_zip(io.BytesIO(packed))
    assert again != "my-model"
    assert store.verify(again) is None


def zipped(method: int, files: dict[str, str | bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


def test_a_zip_that_is_no_model_or_holds_a_changed_one_is_refused_and_leaves_nothing(
    store: ModelStore,
) -> None:
    store.save(make_card(), WEIGHTS)
    changed = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(store.export("my-model"))) as whole,
        zipfile.ZipFile(changed, "w") as other,
    ):
        other.writestr("../../outside.txt", "x")
        other.writestr("card.json", whole.read("card.json"))
        other.writestr("weights.npz", whole.read("weights.npz")[:-1])
    card, weights = (
        (store.entry("my-model").folder / name).read_bytes() for name in ("card.json", "weights.npz")
    )
    no_number = card.replace(b'"trained_on": {', b'"trained_on": {"n": NaN,', 1)
    assert no_number != card
    torn = bytearray(zipped(zipfile.ZIP_DEFLATED, {"card.json": card}))
    torn[60:90] = b"\xff" * 30
    for content, words in (
        (b"no zip", "no zip file of a model"),
        (changed.getvalue(), "not those of its card"),
        (bytes(torn), "no zip file of a model"),
        (zipped(zipfile.ZIP_STORED, {"card.json": no_number, "weights.npz": weights}), "no zip file"),
        (zipped(zipfile.ZIP_DEFLATED, {"card.json": " " * 20_000_000}), "card.json cannot be read"),
    ):  # fmt: skip
        with pytest.raises(ModelError, match=words):
            store.import_zip(io.BytesIO(content))
    assert [entry.model_id for entry in store.entries()] == ["my-model"]
    assert sorted(one.name for one in store.own.iterdir()) == ["my-model"]
