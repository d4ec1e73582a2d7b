"""Charts as plotly figures, made once: pages show them, and the report file holds the very same ones."""
