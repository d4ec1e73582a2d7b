"""Labels and predictions in, reports out."""

from gallery.evaluation.label_table import read_label_table
from gallery.evaluation.labelled_folder import FolderEvaluation, evaluate_collection
from gallery.evaluation.labels import FolderLabels, class_of_name, labels_of
from gallery.evaluation.report import EvaluationReport

__all__ = [
    "EvaluationReport",
    "FolderEvaluation",
    "FolderLabels",
    "class_of_name",
    "evaluate_collection",
    "labels_of",
    "read_label_table",
]
