"""Bars as inline SVG: readable without colour, and by a screen reader as the sentence they show."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from dongle_cli.i18n import _, width

_ROW, _LABEL, _BAR, _NUMBER = 26, 210, 270, 70  # pixels
_COLOUR = "#2b4c7e"  # 8.6 to 1 on white
MOST = 12  # bars; the rest is one


def bars(name: str, title: str, counts: Sequence[tuple[str, int]], colours: Sequence[str] = ()) -> str:
    """A figure with one bar for each (label, count); empty where there is nothing to show."""
    if not counts:
        return ""
    shown = list(counts[:MOST])
    if rest := sum(count for _label, count in counts[MOST:]):
        shown.append((_("others"), rest))
    most = max(max(count for _label, count in shown), 1)
    told = ", ".join(f"{label} {count:,}" for label, count in shown)
    parts = [
        f'<figure><figcaption id="{name}-c">{escape(title)}</figcaption>',
        f'<svg role="img" aria-labelledby="{name}-t {name}-d" '
        f'viewBox="0 0 {_LABEL + _BAR + _NUMBER} {_ROW * len(shown)}" xmlns="http://www.w3.org/2000/svg">',
        f'<title id="{name}-t">{escape(title)}</title><desc id="{name}-d">{escape(told)}</desc>',
    ]
    for number, (label, count) in enumerate(shown):
        top = number * _ROW
        long = max(round(_BAR * count / most), 2)
        colour = colours[number] if number < len(colours) else _COLOUR
        parts.append(
            f'<text x="{_LABEL - 8}" y="{top + 18}" text-anchor="end">{escape(_fitting(label))}</text>'
            f'<rect x="{_LABEL}" y="{top + 4}" width="{long}" height="{_ROW - 8}" fill="{colour}"/>'
            f'<text x="{_LABEL + long + 6}" y="{top + 18}">{count:,}</text>'
        )
    parts.append("</svg></figure>")
    return "".join(parts)


def _fitting(label: str) -> str:
    """A label in what room there is beside its bar."""
    while width(label) > 29:
        label = f"{label.rstrip('…')[:-1]}…"
    return label
