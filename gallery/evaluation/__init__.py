"""Labels and predictions in, reports out."""

from gallery.evaluation.labels import FolderLabels, class_of_name, labels_of
from gallery.evaluation.report import EvaluationReport

__all__ = ["EvaluationReport", "FolderLabels", "class_of_name", "labels_of"]
