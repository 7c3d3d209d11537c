"""Filters for the pages of the log."""
