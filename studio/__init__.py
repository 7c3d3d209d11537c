"""Documents become concepts, concepts become diagrams."""
