"""A schedule as a picture of points (PNG), by matplotlib where it is installed."""

from __future__ import annotations

from datapipe.cli.schedule_plot import colour, ticks, what
from datapipe.core.errors import MissingDependency
from datapipe.core.mixing.course import Course


def write_png(name: str, course: Course, path: str) -> None:
    """The areas of `schedule_plot.draw`. MissingDependency without matplotlib."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        raise MissingDependency("matplotlib", "plot", "schedule --plot FILE.png (FILE.svg needs nothing)") from None
    figure = Figure(figsize=(9, 4.5), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    places = [place for place, _ in course.points]
    shares = [[point[n] for _, point in course.points] for n in range(len(course.groups))]
    labels = [group or "(none)" for group in course.groups]
    axes.stackplot(places, shares, labels=labels, colors=[colour(n) for n in range(len(course.groups))])
    for stage, start, _ in course.stages:
        if start:
            axes.axvline(start, color="black", linestyle="--", linewidth=0.8)
        axes.annotate(stage, (start, 1.01), fontsize=8, annotation_clip=False)
    axes.set(xlim=(0, course.end or 1), ylim=(0, 1), xlabel=what(course))
    axes.set_xticks([place for place, _ in ticks(course)], [said for _, said in ticks(course)])
    axes.set_title(name, pad=22, loc="left", fontsize=10)
    handles, names = axes.get_legend_handles_labels()
    figure.legend(handles[::-1], names[::-1], loc="outside right upper")
    figure.savefig(path, dpi=120, metadata={"Software": None})
