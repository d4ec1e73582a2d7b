"""Training: labelled photos, their splits, fitting; `distillation` is how the shipped network was made."""
