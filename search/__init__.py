"""Full-text search: the index tables, their triggers and the query parser."""
