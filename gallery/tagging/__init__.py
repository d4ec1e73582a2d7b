"""The resumable job that reads photos and has a model tag them."""

from gallery.tagging.job import run_queued_jobs, run_tagging_job
from gallery.tagging.parts import TaggingProgress, TaggingResult
from gallery.tagging.pipeline import tag_collection
from gallery.tagging.process import lower_priority, start_job_process

__all__ = [
    "TaggingProgress",
    "TaggingResult",
    "lower_priority",
    "run_queued_jobs",
    "run_tagging_job",
    "start_job_process",
    "tag_collection",
]
