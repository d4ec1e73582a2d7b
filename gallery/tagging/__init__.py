"""The resumable job that reads photos and has a model tag them."""

from gallery.tagging.job import run_tagging_job
from gallery.tagging.parts import TaggingProgress, TaggingResult
from gallery.tagging.pipeline import tag_collection

__all__ = ["TaggingProgress", "TaggingResult", "run_tagging_job", "tag_collection"]
