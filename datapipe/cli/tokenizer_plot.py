"""The report on tokenizers as a drawing (SVG): tokens per word of each group, and how uses fall with the rank."""

from __future__ import annotations

import re
from html import escape
from math import log10
from typing import Any

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")  # Okabe and Ito's: for all eyes
BAR, GAP, LEFT, WIDE, CURVE = 10, 6, 180, 420, 260
LONGEST = 26  # letters of a name that fit on the left; a pointer on it shows all of it
MOST = 60  # groups that are drawn, those with the most text; the tables have all of them
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, section 2.2


def draw(found: dict[str, Any]) -> str:
    """The same report, the same bytes."""
    tokenizers = found["tokenizers"]
    bars = _bars(found)
    heads = 24 + 16 * len(tokenizers)
    high = heads + max(_bars_height(found), CURVE + 48) + 24
    legend = [
        f'<rect x="10" y="{12 + 16 * n}" width="10" height="10" fill="{_colour(n)}"/>'
        f'<text x="26" y="{21 + 16 * n}">{_name(told["name"])}</text>'
        for n, told in enumerate(tokenizers)
    ]
    wide = LEFT + WIDE + 90 + CURVE + 80
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide}" height="{high}" font-family="sans-serif" font-size="11">',
            f'<rect width="{wide}" height="{high}" fill="white"/>',
            *legend,
            f'<g transform="translate(0,{heads})"><text x="{LEFT}" y="0">{_title(found)}</text>',
            *bars,
            "</g>",
            f'<g transform="translate({LEFT + WIDE + 110},{heads})"><text x="0" y="0">uses of a token, by its rank</text>',
            *_curves(found),
            "</g>",
            "</svg>\n",
        ]
    )


def _bars(found: dict[str, Any]) -> list[str]:
    """A row of bars for each group, the best first by the first tokenizer."""
    tokenizers = found["tokenizers"]
    order = sorted(_drawn(found), key=lambda g: (tokenizers[0]["groups"][g]["tokens_per_word"] or 0.0, g))
    most = max((own["tokens_per_word"] or 0.0 for told in tokenizers for own in told["groups"]), default=0.0) or 1.0
    out, y = [], 8
    for g in order:
        name = " · ".join(part or "-" for part in found["groups"][g]["group"]) or "all"
        short = name if len(name) <= LONGEST else f"{name[: LONGEST // 2 - 1]}…{name[-LONGEST // 2 :]}"
        out.append(
            f'<text x="{LEFT - 6}" y="{y + BAR * len(tokenizers) / 2 + 4:.0f}" text-anchor="end">{_name(short)}'
            f"<title>{_name(name)}</title></text>"
        )
        for n, told in enumerate(tokenizers):
            value = told["groups"][g]["tokens_per_word"] or 0.0
            width = value / most * WIDE
            out.append(f'<rect x="{LEFT}" y="{y}" width="{width:.1f}" height="{BAR - 1}" fill="{_colour(n)}"/>')
            out.append(f'<text x="{LEFT + width + 4:.1f}" y="{y + BAR - 1}" font-size="9">{value:.2f}</text>')
            y += BAR
        y += GAP
    return out


def _drawn(found: dict[str, Any]) -> list[int]:
    """Numbers of the groups that are drawn."""
    groups = found["groups"]
    return sorted(range(len(groups)), key=lambda g: (-groups[g]["bytes"], g))[:MOST]


def _title(found: dict[str, Any]) -> str:
    more = len(found["groups"]) - MOST
    return "tokens per word" + (f", of the {MOST} with the most text; {more:,} are not drawn" if more > 0 else "")


def _name(text: str) -> str:
    """Text as it may stand in XML, control characters as U+FFFD."""
    return escape(_NO_XML.sub("\ufffd", text))


def _power(power: int) -> str:
    return "10" + "".join("⁰¹²³⁴⁵⁶⁷⁸⁹"[int(digit)] for digit in str(power))


def _bars_height(found: dict[str, Any]) -> int:
    return 8 + len(_drawn(found)) * (BAR * len(found["tokenizers"]) + GAP)


def _curves(found: dict[str, Any]) -> list[str]:
    """Both axes in powers of ten."""
    curves = [told["ranks"] for told in found["tokenizers"]]
    right = max((log10(rank) for curve in curves for rank, _ in curve), default=0.0) or 1.0
    top = max((log10(uses) for curve in curves for _, uses in curve), default=0.0) or 1.0
    out = [f'<path d="M0 8V{8 + CURVE}H{CURVE}" fill="none" stroke="#888"/>']
    out.append(f'<text x="{CURVE / 2:.0f}" y="{CURVE + 40}" text-anchor="middle">rank</text>')
    out += [
        f'<text x="{power / right * CURVE:.1f}" y="{CURVE + 22}" text-anchor="middle">{_power(power)}</text>'
        for power in range(int(right) + 1)
    ]
    out += [
        f'<text x="-4" y="{12 + CURVE - power / top * CURVE:.1f}" text-anchor="end">{_power(power)}</text>'
        for power in range(int(top) + 1)
    ]
    for n, curve in enumerate(curves):
        points = " ".join(
            f"{log10(rank) / right * CURVE:.1f},{8 + CURVE - log10(uses) / top * CURVE:.1f}" for rank, uses in curve
        )
        out.append(f'<polyline points="{points}" fill="none" stroke="{_colour(n)}" stroke-width="1.5"/>')
    return out


def _colour(n: int) -> str:
    return COLOURS[n % len(COLOURS)]
