"""A bar chart as SVG: a group of bars for each line of the table, each group on a scale of its own."""

from html import escape

import report

COLORS = {
    "this project": "#0b7285",
    "rasteret": "#f08c00",
    "rasterio": "#868e96",
    "async-geotiff": "#845ef7",
    "duckdb": "#e8b800",
}
WIDTH, LEFT, RIGHT = 860, 130, 110
BAR, GAP, TITLE = 14, 4, 34


def svg(groups: list[tuple[str, str, list[tuple[str, float]]]], caption: str) -> str:
    """`groups`: title, unit, and tools with their figures."""
    parts, y = [], 30
    for title, unit, values in groups:
        y += TITLE
        parts.append(text(10, y - 12, shortened(title), "title"))
        largest = max(value for _, value in values) or 1
        for tool, value in values:
            length = max(1.0, value / largest * (WIDTH - LEFT - RIGHT))
            parts.append(text(LEFT - 8, y + BAR - 3, tool, "tool"))
            color = COLORS.get(tool, "#868e96")
            parts.append(f'<rect x="{LEFT}" y="{y}" width="{length:.1f}" height="{BAR}" fill="{color}"/>')
            parts.append(text(LEFT + length + 6, y + BAR - 3, report.quantity(value, unit), "value"))
            y += BAR + GAP
    style = (
        "text{font:12px system-ui,sans-serif;fill:#212529}.title{font-weight:600}"
        ".tool{text-anchor:end}.caption{fill:#868e96;font-size:11px}"
    )
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y + 16}" role="img">'
    background = f'<rect width="{WIDTH}" height="{y + 16}" fill="#fff"/>'
    body = "\n".join([text(10, 18, caption, "caption"), *parts])
    return f"{head}\n<style>{style}</style>\n{background}\n{body}\n</svg>\n"


def shortened(title: str) -> str:
    return title if len(title) <= 125 else title[:124] + "…"


def text(x: float, y: float, content: str, kind: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}">{escape(content)}</text>'
