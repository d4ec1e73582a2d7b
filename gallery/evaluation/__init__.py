"""Labels and predictions in, reports out."""
