"""The use cases by name: what a page and a command both call."""
