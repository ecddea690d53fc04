"""A schedule as a picture of points (PNG), by matplotlib where it is installed."""

from __future__ import annotations

import warnings

from datapipe.cli.schedule_labels import called, lanes, short
from datapipe.cli.schedule_plot import WIDE, colour, ticks, what
from datapipe.core.errors import MissingDependency
from datapipe.core.mixing.course import Course


def write_png(step: str, course: Course, path: str) -> None:
    """The areas of `schedule_plot.draw`. MissingDependency without matplotlib."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        raise MissingDependency("matplotlib", "plot", "schedule --plot FILE.png (FILE.svg needs nothing)") from None
    figure = Figure(figsize=(7.2, 3.6))
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1))  # of one size: `bbox_inches` makes room for the names around it
    places = [place for place, _ in course.points]
    shares = [[point[n] for _, point in course.points] for n in range(len(course.groups))]
    labels = [short(called(group)) for group in course.groups]
    axes.stackplot(places, shares, labels=labels, colors=[colour(n) for n in range(len(course.groups))])
    for _, start, _ in course.stages[1:]:
        axes.axvline(start, color="black", linestyle="--", linewidth=0.8)
    end = course.end or 1.0
    names = [short(stage, 28) for stage, _, _ in course.stages]
    starts = [start / end * WIDE for _, start, _ in course.stages]
    placed = lanes([(at, 6.5 * len(name) + 8) for at, name in zip(starts, names, strict=True)], WIDE)
    for name, (lane, at) in zip(names, placed, strict=True):
        axes.annotate(name, (at / WIDE * end, 1.015 + 0.045 * lane), fontsize=8, annotation_clip=False)
    axes.set(xlim=(0, end), ylim=(0, 1), xlabel=what(course))
    axes.set_xticks([place for place, _ in ticks(course)], [said for _, said in ticks(course)])
    axes.set_yticks([n / 4 for n in range(5)], [f"{n * 25}%" for n in range(5)])
    lines = 1 + max((lane for lane, _ in placed), default=0)
    axes.set_title(f"{step}: share of {what(course)}", pad=10 + 12 * lines, loc="left", fontsize=10)
    handles, listed = axes.get_legend_handles_labels()
    axes.legend(handles[::-1], listed[::-1], loc="upper left", bbox_to_anchor=(1.03, 1), borderaxespad=0, fontsize=8)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph", UserWarning)  # a line for each sign that its font lacks
        figure.savefig(path, dpi=120, bbox_inches="tight", metadata={"Software": None})
