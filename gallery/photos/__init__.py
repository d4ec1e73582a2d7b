"""Photos in: scan, sandboxed decoding, thumbnails, metadata, uploads."""
