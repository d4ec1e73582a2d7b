"""How the shipped network was made: split, views, teacher, two phases of distillation, and its figures."""
