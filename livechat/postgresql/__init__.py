"""PostgreSQL as a database of Django whose every wait has an end."""
