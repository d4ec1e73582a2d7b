"""Run a phase of the distillation: ``python -m gallery.training.distillation --help``."""

from research.distillation.training_run import main

main()
