"""What a detector found: the boxes of a photo, and what the photo shows by them."""

from __future__ import annotations

import json
from collections.abc import Sequence

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
                        json.dumps(
                            [
                                [b.category, b.confidence, *b.place, b.label, b.label_confidence]
                                for b in one.boxes
                            ]
                        ),
                        one.photo_id,
                    )
                    for one in found
                ),
            )

    def detections(self, photo_ids: Sequence[PhotoId]) -> dict[PhotoId, Detections]:
        """Return what a detector found in photos; those that none has seen are left out."""
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT photo_id, label, confidence, boxes FROM json_each(?) "
                "CROSS JOIN photos ON photo_id = value CROSS JOIN detections USING (photo_key)",
                (json.dumps(list(photo_ids)),),
            ).fetchall()
        return {
            photo_id: Detections(
                photo_id,
                label,
                confidence,
                tuple(
                    DetectedBox(category, sure, (left, top, width, height), name, share)
                    for category, sure, left, top, width, height, name, share in json.loads(boxes)
                ),
            )
            for photo_id, label, confidence, boxes in rows
        }
