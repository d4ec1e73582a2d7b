"""Labels and predictions in, scores out."""

from gallery.evaluation.evaluation import Evaluation, LabelSource, evaluate_collection
from gallery.evaluation.report import EvaluationReport

__all__ = ["Evaluation", "EvaluationReport", "LabelSource", "evaluate_collection"]
