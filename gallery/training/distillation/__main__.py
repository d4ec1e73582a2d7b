"""Run a phase of the distillation: ``python -m gallery.training.distillation --help``."""

from gallery.training.distillation.training_run import main

main()
