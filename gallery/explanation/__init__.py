"""Why a model said so: heatmaps, and how far to trust them. Arithmetic on a classifier that is handed in."""
