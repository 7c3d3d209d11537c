"""Bytes: uploads, their checks, thumbnails, storage and serving."""
