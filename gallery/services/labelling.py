"""What people say of photos, as their browser sends it: labels, the undo of labels, verdicts on labels.

A component numbers what a person says by key, keeps it until this server has it on its disk, and sends all
that is not acknowledged yet, in its order. Each entry is kept under a token, the component's own name and
the entry's number, that lies in the catalog beside what was said: sent again, also to a server that was
restarted, it counts once.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gallery.errors import GalleryError, LabelRefusedError
from gallery.services import backups, photo_lists, wiring
from gallery.services.photo_view import PHOTO_ID
from gallery.types import BESIDE_CLASSES, ModelCard, PhotoId, Undone, Verdict
from gallery.words import photo_count, without_surrogates

NAME_LIMIT = 60
"""Characters of a person's name."""

_SHOWN = 5_000
"""Undone photos that are named to the browser; it draws a few dozen."""

_CLIENT = re.compile(r"[0-9a-z]{1,40}")
_BROWSER = re.compile(r"[0-9a-z]{12}")


@dataclass(slots=True)
class Answer:
    """What a browser is told of the entries it sent.

    Attributes:
        upto: number of the last entry that is kept, or can never be; 0 before there is one.
        answers: what is told of single entries, by their number.
        waits: why the next entry cannot be kept just now; it is sent again, and nothing is lost.
    """

    upto: int = 0
    answers: dict[int, dict[str, Any]] = field(default_factory=dict)
    waits: str | None = None


def receive(queue: object) -> Answer:
    """Keep what a browser sent: ``{catalog, client, entries: [{sequence, kind, person, ...}, ...]}``.

    The kinds are ``label``, ``undo`` and ``verdict``; see `keep_label`, `undo` and `keep_verdict`. The client
    is the queue's own name. What was meant for another catalog waits: the same numbers are other photos here.
    What cannot be kept just now waits in the browser, and so do all that follow it; whatever does not have an
    entry's form is passed over.
    """
    answer, sent = Answer(), queue if isinstance(queue, dict) else {}
    client, entries = sent.get("client"), sent.get("entries")
    if sent.get("catalog") != catalog_name():
        return Answer(waits="The server has another catalog open now. Reload the page.")
    if not isinstance(client, str) or not _CLIENT.fullmatch(client) or not isinstance(entries, list):
        return answer
    kinds = {"label": keep_label, "undo": undo, "verdict": keep_verdict}
    for entry in entries:
        sequence = entry.get("sequence") if isinstance(entry, dict) else None
        if type(sequence) is not int or sequence <= answer.upto:
            continue
        keep = kinds.get(str(entry.get("kind")))
        try:
            told = {} if keep is None else keep(entry, f"{client}:{sequence}")
        except LabelRefusedError as error:
            told = {"problem": str(error)}
        except GalleryError as error:  # the browser forgets nothing that may be kept later
            answer.waits = str(error)
            break
        if told:
            answer.answers[sequence] = told
        answer.upto = sequence
    backups.when_due()
    return answer


def person_named(name: object) -> str:
    """Return under which name something is kept: the one that a browser sent, else this server's own."""
    return _name(name) or wiring.person()


def _name(sent: object) -> str:
    return " ".join(without_surrogates(sent).split())[:NAME_LIMIT] if isinstance(sent, str) else ""


def keep_label(entry: dict[str, Any], token: str) -> dict[str, Any]:
    """Keep a label for some photos of a list.

    Args:
        entry: ``{label, model, collection, files}``, where label None removes labels; instead of ``files``
            an entry of very many photos has ``{list, ranges}``.
        token: of the key press.

    Returns:
        ``{problem}`` where some of the photos could not be labelled.

    Raises:
        LabelRefusedError: it can never be kept.
        CatalogError: it cannot be kept just now.
    """
    label, model_id = entry.get("label"), entry.get("model")
    if not (label is None or isinstance(label, str)) or not isinstance(model_id, str):
        return {}
    file_ids = _file_ids(entry.get("files"))
    if not len(file_ids):
        chosen = photo_lists.find(str(entry.get("list", "")))
        if chosen is None:
            raise LabelRefusedError(
                "These photos are not known any more as they were selected. Select them again."
            )
        file_ids = chosen.picked(entry.get("ranges"))
    read = [item.photo_id for item in photo_lists.items_of(file_ids, model_id) if item.photo_id]
    left_out = len(file_ids) - len(read)
    problem = (
        f"{photo_count(left_out)} of {len(file_ids):,}, not read yet or not in the catalog any more. Label "
        "what is missing once its thumbnail is there."
    )
    if not read:
        raise LabelRefusedError(problem)
    wiring.catalog().correct(
        list(dict.fromkeys(read)),
        None if label is None else _known_spelling(label),
        person=person_named(entry.get("person")),
        model_id=model_id,
        collection_id=_number(entry.get("collection")),
        token=token,
    )
    return {"problem": problem} if left_out else {}


def undo(entry: dict[str, Any], token: str) -> dict[str, Any]:
    """Undo the last change of a person in a collection.

    A browser in which nobody has given a name undoes what came from itself alone, and still does once a
    name is given: all such browsers label under this server's own name.

    Args:
        entry: ``{collection, list, browser}``; of the list on the screen, the first photo that changed is
            found; all clients of a browser begin with its name.
        token: of the key press.

    Returns:
        ``{undone: {label, count, name, index, list}}``: the name of the first photo, its position in the
        list on the screen or None, and a list of these photos alone; ``{undone: None}`` where nothing was
        left to undo.

    Raises:
        CatalogError: it cannot be undone just now.
    """
    collection_id = _number(entry.get("collection"))
    if collection_id is None:
        return {}
    catalog, person = wiring.catalog(), entry.get("person")
    undone = undo_last(
        collection_id,
        person_named(person),
        browser=entry.get("browser"),
        named=bool(_name(person)),
        token=token,
    )
    if undone is None:
        return {"undone": None}
    file_ids = catalog.files_of(undone.photo_ids[:_SHOWN], collection_id)
    told: dict[str, Any] = {"label": undone.label, "count": len(undone.photo_ids)}
    shown = photo_lists.find(str(entry.get("list", "")))
    if shown is not None and len(file_ids):
        alone = photo_lists.register(file_ids, model_id=shown.model_id, class_names=shown.class_names)
        there = np.flatnonzero(np.isin(shown.file_ids, file_ids))
        told["index"] = int(there[0]) if len(there) else None
        told["list"] = photo_lists.named(alone)
    if len(file_ids):
        told["name"] = photo_lists.items_of(file_ids[:1], "")[0].name
    return {"undone": told}


def label_photo(
    photo_id: PhotoId,
    label: str | None,
    card: ModelCard,
    *,
    collection_id: int,
    person: str,
    browser: str,
) -> None:
    """Keep what a person says that a photo shows; None removes the label.

    Args:
        photo_id: of the catalog.
        label: what it shows.
        card: the model whose prediction the person sees.
        collection_id: in which it is labelled, and can be undone.
        person: who says it.
        browser: the name of the browser that it is said in, so that it can be undone there.

    Raises:
        CatalogError: the photo is unknown, or the label cannot be kept.
    """
    wiring.catalog().correct(
        [photo_id],
        label,
        person=person,
        model_id=card.model_id,
        collection_id=collection_id,
        token=f"{_browser(browser) or ''}page:{uuid.uuid4().hex}",
    )


def undo_last(
    collection_id: int, person: str, *, browser: object, named: bool, token: str | None = None
) -> Undone | None:
    """Undo the last change of a person in a collection; None where there is none.

    Args:
        collection_id: in which the change was made.
        person: who undoes.
        browser: the name of the browser that the person sits at.
        named: whether that person has given a name; without one, only what came from there is undone.
        token: of the key press; a button of a page has none.

    Raises:
        CatalogError: it cannot be undone just now.
    """
    return wiring.catalog().undo(
        person=person,
        collection_id=collection_id,
        token=token or f"page:{uuid.uuid4().hex}",
        sent_from=_browser(browser),
        nameless=wiring.person(),
        named=named,
    )


def _browser(sent: object) -> str | None:
    return sent if isinstance(sent, str) and _BROWSER.fullmatch(sent) else None


def keep_verdict(entry: dict[str, Any], token: str) -> dict[str, Any]:
    """Keep a verdict on a label, or undo the last one on it.

    Args:
        entry: ``{photo, label, shown, verdict, other, model}``, or ``{photo, label, undo: true}``.
        token: of the key press.

    Raises:
        LabelRefusedError: it can never be kept.
        GalleryError: it cannot be kept just now.
    """
    catalog, person = wiring.catalog(), person_named(entry.get("person"))
    photo, label = entry.get("photo"), entry.get("label")
    if not (isinstance(photo, str) and PHOTO_ID.fullmatch(photo) and isinstance(label, str)):
        return {}
    if entry.get("undo") is True:
        catalog.take_back_verdict(photo, label, person=person, token=token)
        return {}
    verdict, other, shown, model_id = (entry.get(part) for part in ("verdict", "other", "shown", "model"))
    if verdict not in tuple(Verdict) or not isinstance(model_id, str):
        return {}
    class_names = wiring.models().card(model_id).class_names
    if label not in class_names or not (other is None or other in class_names):
        return {}
    catalog.give_verdict(
        photo,
        label,
        Verdict(verdict),
        other=other,
        person=person,
        model_id=model_id,
        shown_label=shown if shown in class_names else None,
        token=token,
    )
    return {}


def catalog_name() -> str:
    """Return under which name a browser keeps what it has not sent yet: no other catalog has it."""
    return wiring.catalog().identity()


def words_in_use(class_names: Sequence[str]) -> list[str]:
    """Return the labels beside a model's classes that people have given, the most frequent first."""
    known = {*class_names, *BESIDE_CLASSES}
    return [label for label in _labels_given() if label not in known]


@wiring.until_changed(4)
def _labels_given() -> tuple[str, ...]:
    counts = wiring.catalog().label_counts()
    return tuple(sorted(counts, key=lambda label: -counts[label]))


def _known_spelling(label: str) -> str:
    """Return a label as it was written before, if it was: "Red Fox" is the "red fox" of yesterday."""
    wanted = " ".join(label.replace("_", " ").casefold().split())
    card = wiring.active_model()

    def spelt(known: Sequence[str]) -> str | None:
        return next((one for one in known if one.replace("_", " ").casefold() == wanted), None)

    classes = (*(card.class_names if card else ()), *BESIDE_CLASSES)
    return spelt(classes) or spelt(_labels_given()) or label


def _number(sent: object) -> int | None:
    return sent if type(sent) is int and 0 <= sent < 1 << 63 else None


def _file_ids(sent: object) -> NDArray[np.int64]:
    numbers = [_number(one) for one in sent] if isinstance(sent, list) else []
    return np.array([one for one in numbers if one is not None], np.int64)
