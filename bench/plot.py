"""The fan-out figures as bars in a small SVG, made by hand and readable without it."""

from html import escape

_WIDTH_PX, _BAR_PX, _GAP_PX, _LABEL_PX, _END_PX = 720, 18, 6, 190, 110
_COLOURS = {"stock": "#9ca3af", "loop": "#f59e0b", "ours": "#2563eb"}


def bars(rows: list[tuple[str, str, float]], title: str) -> str:
    """An SVG with one bar for each (label, side, value), all on one linear scale."""
    top = max((value for _, _, value in rows), default=0.0) or 1.0
    height_px = 48 + len(rows) * (_BAR_PX + _GAP_PX)
    drawn = [_bar(index, row, top) for index, row in enumerate(rows)]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH_PX}" '
            f'height="{height_px}" viewBox="0 0 {_WIDTH_PX} {height_px}" role="img" '
            f'font-family="system-ui, sans-serif" font-size="12">',
            f"<title>{escape(title)}</title>",
            f'<rect width="{_WIDTH_PX}" height="{height_px}" fill="#ffffff"/>',
            f'<text x="12" y="22" font-size="14" fill="#111827">{escape(title)}</text>',
            *drawn,
            "</svg>",
            "",
        ]
    )


def _bar(index: int, row: tuple[str, str, float], top: float) -> str:
    label, side, value = row
    y_px = 36 + index * (_BAR_PX + _GAP_PX)
    text_px = y_px + _BAR_PX - 5
    width_px = max(1.0, value / top * (_WIDTH_PX - _LABEL_PX - _END_PX))
    colour = _COLOURS.get(side, "#6b7280")
    return (
        f'<text x="12" y="{text_px}" fill="#374151">{escape(label)}</text>'
        f'<rect x="{_LABEL_PX}" y="{y_px}" width="{width_px:.1f}" '
        f'height="{_BAR_PX}" rx="3" fill="{colour}"/>'
        f'<text x="{_LABEL_PX + width_px + 6:.1f}" y="{text_px}" fill="#111827">'
        f"{value:,.0f}</text>"
    )
