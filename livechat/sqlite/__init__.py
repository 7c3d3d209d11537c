"""SQLite as a database of Django that reads a statement's marks once."""
