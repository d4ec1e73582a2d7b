"""What a detector found: the boxes of a photo, and what the photo shows by them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from gallery.catalog.store import Store
from gallery.types import DetectedBox, Detections, PhotoId


class DetectionStore(Store):
    """What the catalog knows of detectors' boxes."""

    def record_detections(self, found: Sequence[Detections]) -> None:
        """Keep what a detector found in photos, in place of what was kept; unknown photos are passed over."""
        with self._database.writing() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO detections (photo_key, label, confidence, animals, boxes) "
                "SELECT photo_key, ?, ?, ?, ? FROM photos WHERE photo_id = ?",
                (
                    (
                        one.label,
                        one.confidence,
                        one.animals,
                        json.dumps(list(map(_listed, one.boxes))),
                        one.photo_id,
                    )
                    for one in found
                ),
            )

    def detections(self, photo_ids: Sequence[PhotoId]) -> dict[PhotoId, Detections]:
        """Return what a detector found in photos; those that none has seen are left out."""
        rows = self._rows(
            "SELECT photo_id, label, confidence, boxes FROM json_each(?) "
            "CROSS JOIN photos ON photo_id = value CROSS JOIN detections USING (photo_key)",
            (json.dumps(list(photo_ids)),),
        )
        return {
            photo_id: Detections(photo_id, label, confidence, tuple(map(_box, json.loads(boxes))))
            for photo_id, label, confidence, boxes in rows
        }


def _listed(box: DetectedBox) -> list[Any]:
    return [box.category, box.confidence, *box.place, box.label, box.label_confidence]


def _box(listed: list[Any]) -> DetectedBox:
    category, confidence, left, top, width, height, label, label_confidence = listed
    return DetectedBox(category, confidence, (left, top, width, height), label, label_confidence)
