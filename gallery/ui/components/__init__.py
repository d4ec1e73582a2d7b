"""Pieces of pages that know nothing of any one page."""
