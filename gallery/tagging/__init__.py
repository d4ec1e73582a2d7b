"""The resumable job that reads photos and has a model tag them."""

from gallery.tagging.parts import TaggingProgress, TaggingResult, TaggingRun
from gallery.tagging.pipeline import tag_as_job, tag_collection

__all__ = ["TaggingProgress", "TaggingResult", "TaggingRun", "tag_as_job", "tag_collection"]
