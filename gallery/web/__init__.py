"""The HTTP routes: thumbnails, photos, uploads, downloads, folders."""
