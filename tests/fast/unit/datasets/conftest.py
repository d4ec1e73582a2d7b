"""The generated pictures."""

from tests.picture_folders import make_noise, pictures  # noqa: F401
