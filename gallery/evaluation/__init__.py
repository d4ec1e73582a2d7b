"""Labels and predictions in, scores out."""

from gallery.evaluation.labelled_folder import FolderEvaluation, evaluate_collection
from gallery.evaluation.report import EvaluationReport

__all__ = ["EvaluationReport", "FolderEvaluation", "evaluate_collection"]
