"""Load client, scenarios and report: what `make bench` measures, and how."""
