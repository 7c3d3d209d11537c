"""Tables and numbers of the report, in Markdown."""


def table(heads: list[str], rows: list[list[str]]) -> str:
    """The rows under their heads."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def number(value: float | None) -> str:
    """Three digits or more; a dash for what nobody measured."""
    if value is None:
        return "—"
    return f"{value:,.0f}" if value >= 100 else f"{value:,.1f}"


def times(value: float | None) -> str:
    """A ratio."""
    return "—" if value is None else f"{number(value)} ×"
