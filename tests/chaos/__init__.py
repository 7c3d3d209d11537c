"""Real processes under a seeded storm of faults, and a checker of what people saw.

`python -m tests.chaos run --seed 7 --profile smoke`; docs/guarantees.md says what is
promised and how each promise is looked at.
"""
