"""One module a format: what leaves the catalog."""
