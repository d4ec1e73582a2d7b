"""Labelled photos: folders, tables and people's labels; class names, splits, duplicates."""
