"""A schedule as a drawing (SVG): areas of the groups, one on the other, over the tokens of the stream."""

from __future__ import annotations

from html import escape

from datapipe.cli.schedule_labels import called, lanes, short
from datapipe.core.mixing.amounts import amount
from datapipe.core.mixing.course import Course

COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442", "#999999", "#332288", "#117733")
WIDE, HIGH, LEFT, TOP, LINE = 720, 320, 48, 56, 14


def draw(name: str, course: Course) -> str:
    """The same schedule, the same bytes."""
    longest = max((len(short(called(group))) for group in course.groups), default=0)
    above = LINE * max((lane for _, lane, _ in _labels(course)), default=0)
    wide, high = LEFT + WIDE + 40 + 8 * longest, max(TOP + HIGH + 48, TOP + 18 * len(course.groups) + 24)
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide}" height="{high + above}" '
            f'viewBox="0 {-above} {wide} {high + above}" font-family="sans-serif" font-size="11">',
            f'<rect y="{-above}" width="{wide}" height="{high + above}" fill="white"/>',
            f'<text x="{LEFT}" y="{18 - above}" font-size="13">{escape(name)}: share of {what(course)}</text>',
            *_areas(course),
            *_stages(course),
            *_axes(course),
            *_legend(course),
            "</svg>\n",
        ]
    )


def what(course: Course) -> str:
    """What shares are of."""
    return "the stream" if course.unit == "share" else course.unit


def colour(n: int) -> str:
    """Of the n-th group; each round of the colours is paler than the one before, four times."""
    pale = 0.25 * (n // len(COLOURS) % 4)
    parts = (int(COLOURS[n % len(COLOURS)][at : at + 2], 16) for at in (1, 3, 5))
    return "#" + "".join(f"{round(part + (255 - part) * pale):02x}" for part in parts)


def ticks(course: Course) -> list[tuple[float, str]]:
    """Places for the axis, at quarters, and how they are called."""
    quarters = [course.end * n / 4 for n in range(5)]
    return [(x, f"{x:.0%}" if course.unit == "share" else amount(x)) for x in quarters]


def _x(course: Course, place: float) -> str:
    return f"{LEFT + place / (course.end or 1) * WIDE:.1f}"


def _areas(course: Course) -> list[str]:
    out = []
    below = [0.0] * len(course.points)
    for n, group in enumerate(course.groups):
        above = [b + shares[n] for b, (_, shares) in zip(below, course.points, strict=True)]
        places = [_x(course, place) for place, _ in course.points]
        upper = [f"{x},{TOP + (1 - y) * HIGH:.1f}" for x, y in zip(places, above, strict=True)]
        lower = [f"{x},{TOP + (1 - y) * HIGH:.1f}" for x, y in zip(places, below, strict=True)]
        title = f"<title>{escape(called(group))}</title>"
        out.append(f'<polygon points="{" ".join(upper + lower[::-1])}" fill="{colour(n)}">{title}</polygon>')
        below = above
    return out


def _labels(course: Course) -> list[tuple[str, int, float]]:
    """What stands above each stage, in which line, and where it starts."""
    names = [f"{short(name, 28)} ({_long(course, end - start)})" for name, start, end in course.stages]
    starts = [start / (course.end or 1) * WIDE for _, start, _ in course.stages]
    placed = lanes([(at, 6.5 * len(name)) for at, name in zip(starts, names, strict=True)], WIDE)
    return [(name, lane, LEFT + at) for name, (lane, at) in zip(names, placed, strict=True)]


def _stages(course: Course) -> list[str]:
    out = []
    for _, start, _ in course.stages[1:]:
        out.append(f'<path d="M{_x(course, start)} {TOP - 4}V{TOP + HIGH}" stroke="black" stroke-dasharray="3 2"/>')
    for name, lane, at in _labels(course):
        out.append(f'<text x="{at + 2:.1f}" y="{TOP - 8 - LINE * lane}">{escape(name)}</text>')
    return out


def _long(course: Course, length: float) -> str:
    return f"{length:.0%}" if course.unit == "share" else amount(length)


def _axes(course: Course) -> list[str]:
    bottom = TOP + HIGH
    out = [f'<path d="M{LEFT} {TOP}V{bottom}H{LEFT + WIDE}" fill="none" stroke="#444"/>']
    for n in range(5):
        y = TOP + HIGH * (1 - n / 4)
        out.append(f'<text x="{LEFT - 6}" y="{y + 4:.0f}" text-anchor="end">{n * 25}%</text>')
    for place, said in ticks(course):
        out.append(f'<text x="{_x(course, place)}" y="{bottom + 16}" text-anchor="middle">{said}</text>')
    out.append(f'<text x="{LEFT + WIDE / 2}" y="{bottom + 34}" text-anchor="middle">{escape(what(course))}</text>')
    return out


def _legend(course: Course) -> list[str]:
    x = LEFT + WIDE + 16
    out = []
    for n, group in enumerate(reversed(course.groups)):  # as they lie
        y = TOP + 18 * n
        shade = colour(len(course.groups) - 1 - n)
        out.append(f'<rect x="{x}" y="{y}" width="11" height="11" fill="{shade}"/>')
        out.append(f'<text x="{x + 16}" y="{y + 10}">{escape(short(called(group)))}</text>')
    return out
