"""One module a format: what leaves the catalog, and what comes back as labels."""
