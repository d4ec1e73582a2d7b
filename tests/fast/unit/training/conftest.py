"""The generated pictures."""

from tests.picture_folders import make_noise, parts, pictures, store, striped  # noqa: F401
