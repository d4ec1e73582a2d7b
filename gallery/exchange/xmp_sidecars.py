"""XMP sidecars: the label as a keyword beside a photo, as Lightroom, digiKam and darktable read it.

A sidecar that exists is added to: whatever stands in it stays, but for the keyword that an earlier export
of this program added.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from xml.etree import ElementTree as Tree

from gallery.errors import ExchangeError
from gallery.exchange.read_labels import ReadLabel
from gallery.exchange.rows import MODEL, PERSON, PredictionRow
from gallery.exchange.whole_file import replace_whole
from gallery.types import display_path

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
DC = "http://purl.org/dc/elements/1.1/"
LR = "http://ns.adobe.com/lightroom/1.0/"
XMP = "http://ns.adobe.com/xap/1.0/"
META = "adobe:ns:meta/"
OWN = "urn:smart-gallery:label:1.0/"
"""The namespace of what only this program reads: who gave the label, when, and what the model says."""

PREFIXES = {"rdf": RDF, "dc": DC, "lr": LR, "xmp": XMP, "x": META, "gallery": OWN}
ABOVE = "Animals"
"""The keyword above the labels in the hierarchy."""

_BEGIN = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
_END = '\n<?xpacket end="w"?>\n'
_UNPRINTABLE = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LIMIT_BYTES = 16 << 20


class Naming(StrEnum):
    """How a sidecar is named."""

    WHOLE = "photo.jpg.xmp"  # digiKam, darktable
    STEM = "photo.xmp"  # Lightroom, Bridge, Capture One


@dataclass(slots=True)
class Sidecars:
    """What was written.

    Attributes:
        written: how many sidecars, new or added to.
        left: those that exist and are no XMP, which stay as they are.
    """

    written: int = 0
    left: list[Path] = field(default_factory=list)


def write_sidecars(
    rows: Iterable[PredictionRow], folder: Path | None, *, naming: Naming = Naming.WHOLE, rating: bool = False
) -> Sidecars:
    """Write a sidecar for each photo that has a label.

    Args:
        rows: the photos.
        folder: where they go, in the sub-folders of the photos; None puts each beside its photo.
        naming: how they are called; of two photos that would share one, the second bears its whole name.
        rating: also give one to five stars by the model's confidence, where there is no rating yet.

    Raises:
        ExchangeError: a place cannot be written.
    """
    made = Sidecars()
    for row, chosen in named_apart(rows, naming):
        file = sidecar_of(row.photo.path if folder is None else folder.joinpath(*row.place), chosen)
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            before = file.read_bytes() if file.exists() else None
        except OSError as exc:
            raise ExchangeError(
                f"{display_path(file)} cannot be written: {exc.strerror or exc}. Choose a folder that "
                "you may write to."
            ) from exc
        try:
            after = sidecar(row, before, rating=rating)
        except ExchangeError:
            made.left.append(file)
            continue
        if after != before:
            replace_whole(file, [after], durable=before is not None)
        made.written += 1
    return made


def named_apart(rows: Iterable[PredictionRow], naming: Naming) -> Iterator[tuple[PredictionRow, Naming]]:
    """Yield the photos that have a label; of two that would share a sidecar the second has its whole name."""
    taken: set[str] = set()
    for row in rows:
        if row.label is not None:
            name = sidecar_of(Path(row.relative), naming).as_posix().casefold()
            yield row, Naming.WHOLE if name in taken else naming
            taken.add(name)


def sidecar_of(photo: Path, naming: Naming) -> Path:
    """Return the place of a photo's sidecar.

    Example:
        >>> sidecar_of(Path("a/fox.JPG"), Naming.WHOLE).name, sidecar_of(Path("a/fox.JPG"), Naming.STEM).name
        ('fox.JPG.xmp', 'fox.xmp')
    """
    return photo.with_name(f"{photo.name if naming is Naming.WHOLE else photo.stem}.xmp")


def sidecar(row: PredictionRow, before: bytes | None = None, *, rating: bool = False) -> bytes:
    """Return a photo's sidecar, or an existing one with the photo's label added to it.

    Raises:
        ExchangeError: what exists is no XMP.
    """
    root = _empty() if before is None else _parsed(before)
    about = _description(root)
    label = str(row.label)
    earlier = about.get(_name(OWN, "Label"))
    ours = (about.get(_name(OWN, "Added")) or "").split()
    added = []
    for namespace, name, above in ((DC, "subject", ""), (LR, "hierarchicalSubject", f"{ABOVE}|")):
        bag = _keywords(root, about, _name(namespace, name))
        if earlier is not None and earlier != label and name in ours:
            _take_out(bag, above + earlier)
        if _add(bag, above + label) or (earlier == label and name in ours):
            added.append(name)
    facts = {
        "Added": " ".join(added) or None,  # the lists in which the keyword is not the user's own
        "Label": label,
        "Source": row.source,
        "Person": row.person,
        "LabelledAt": row.labelled_at,
        "ModelLabel": row.model_label,
        "Confidence": None if row.confidence is None else f"{row.confidence:g}",
        "Model": row.model_id,
    }
    for name, value in facts.items():
        if value is None:
            about.attrib.pop(_name(OWN, name), None)
        else:
            about.set(_name(OWN, name), _printable(value))
    if rating and row.confidence is not None and not _has_rating(root):
        about.set(_name(XMP, "Rating"), str(max(1, math.ceil(row.confidence * 5))))
    body = Tree.tostring(root, encoding="unicode")
    return (_BEGIN + body + _END).encode()


def read_sidecars(folder: Path) -> Iterator[ReadLabel]:
    """Yield the labels of the sidecars below a folder that this program wrote, by the photo's path.

    A sidecar of another program has keywords, of which nothing tells the one that is the label. Of one that
    is named ``photo.xmp`` the path is that without the photo's suffix.
    """
    for file in sorted(folder.rglob("*.xmp")):
        try:
            root = _parsed(file.read_bytes())
        except (OSError, ExchangeError):
            continue
        for about in root.iter(_name(RDF, "Description")):
            label = about.get(_name(OWN, "Label"))
            if label:
                place = file.relative_to(folder).with_suffix("").as_posix()
                source = about.get(_name(OWN, "Source"), MODEL)
                person = about.get(_name(OWN, "Person"), "") if source == PERSON else ""
                yield ReadLabel(place, label, source, person)
                break


def _empty() -> Tree.Element:
    root = Tree.Element(_name(META, "xmpmeta"))
    Tree.SubElement(
        Tree.SubElement(root, _name(RDF, "RDF")), _name(RDF, "Description"), {_name(RDF, "about"): ""}
    )
    return root


def _parsed(data: bytes) -> Tree.Element:
    """Return the root of an XMP packet, comments kept.

    Raises:
        ExchangeError: it is none, or has entities of its own, which could unpack to anything.
    """
    if len(data) > _LIMIT_BYTES or b"<!ENTITY" in data or b"<!DOCTYPE" in data:
        raise ExchangeError("It is no XMP sidecar.")
    text = data.strip(b"\0 \t\r\n")
    try:
        for _, (prefix, uri) in Tree.iterparse(io.BytesIO(text), events=["start-ns"]):
            if prefix not in ("", *PREFIXES) and not prefix.startswith("ns") and uri not in PREFIXES.values():
                Tree.register_namespace(prefix, uri)
        parser = Tree.XMLParser(target=Tree.TreeBuilder(insert_comments=True))
        root: Tree.Element = Tree.fromstring(text, parser)
    except (Tree.ParseError, ValueError) as exc:
        raise ExchangeError(f"It is no XMP sidecar: {exc}.") from exc
    if root.tag != _name(RDF, "RDF") and root.find(_name(RDF, "RDF")) is None:
        raise ExchangeError("It is no XMP sidecar: it holds no RDF.")
    return root


def _description(root: Tree.Element) -> Tree.Element:
    """Return where this program's facts stand: the description that has them, else the first."""
    found = list(root.iter(_name(RDF, "Description")))
    for about in found:
        if about.get(_name(OWN, "Label")) is not None:
            return about
    # a property may hold a structure, whose parts stand in a description of their own
    packet = root if root.tag == _name(RDF, "RDF") else root.find(_name(RDF, "RDF"))
    assert packet is not None
    top = packet.find(_name(RDF, "Description"))
    return (
        top
        if top is not None
        else Tree.SubElement(packet, _name(RDF, "Description"), {_name(RDF, "about"): ""})
    )


def _keywords(root: Tree.Element, about: Tree.Element, tag: str) -> Tree.Element:
    """Return a list of keywords, which is made where there is none."""
    listed = next(root.iter(tag), None)
    if listed is None:
        listed = Tree.SubElement(about, tag)
    bag = next(
        (child for child in listed if child.tag in (_name(RDF, "Bag"), _name(RDF, "Seq"), _name(RDF, "Alt"))),
        None,
    )
    return Tree.SubElement(listed, _name(RDF, "Bag")) if bag is None else bag


def _listed(bag: Tree.Element, keyword: str) -> list[Tree.Element]:
    return [item for item in bag.findall(_name(RDF, "li")) if item.text == _printable(keyword)]


def _take_out(bag: Tree.Element, keyword: str) -> None:
    for item in _listed(bag, keyword)[-1:]:
        bag.remove(item)


def _add(bag: Tree.Element, keyword: str) -> bool:
    """Add a keyword; False where the list has it already."""
    if _listed(bag, keyword):
        return False
    Tree.SubElement(bag, _name(RDF, "li")).text = _printable(keyword)
    return True


def _has_rating(root: Tree.Element) -> bool:
    name = _name(XMP, "Rating")
    return any(name in about.attrib for about in root.iter()) or next(root.iter(name), None) is not None


def _printable(text: str) -> str:
    """Return a text without what XML cannot hold."""
    return _UNPRINTABLE.sub("", text)


def _name(namespace: str, name: str) -> str:
    return f"{{{namespace}}}{name}"


for _prefix, _uri in PREFIXES.items():
    Tree.register_namespace(_prefix, _uri)
