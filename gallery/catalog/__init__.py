"""The store: SQLite for what must never be lost, flat files beside it for what can be made again."""

from gallery.catalog.catalog import Catalog

__all__ = ["Catalog"]
