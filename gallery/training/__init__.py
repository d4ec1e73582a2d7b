"""Training: labelled photos, recipes, the loop that fits them; `distillation` made the shipped model."""
