"""`datapipe check --estimate`: what a run will give, take and need, as a table."""

from __future__ import annotations

import os
import sys
import time
from typing import IO, TYPE_CHECKING, Any

import click
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from datapipe.cli.funnel import megabytes

if TYPE_CHECKING:
    from datapipe.plan.locate import Located

Range = dict[str, int]


def estimate(located: Located, fraction: float | None, cores: int | None, as_json: bool) -> None:
    """Run a sample of a recipe, and print what the whole of it will give and need."""
    import orjson

    from datapipe.cli.progress import progress
    from datapipe.cli.stopping import stopping
    from datapipe.engine.estimate.forecast import forecast
    from datapipe.engine.estimate.sample import default_fraction, piece_size
    from datapipe.engine.executors.local import LocalPool
    from datapipe.plan.compile import compile_recipe
    from datapipe.plan.recipe import read_recipe

    here = len(os.sched_getaffinity(0))
    pool = LocalPool(here)
    with stopping():
        try:
            pool.start()
            plan = compile_recipe(located)
            begun = time.process_time()
            split = read_recipe(located).input_split
            located.data["input_split"] = piece_size(plan, split)
            fine = compile_recipe(located)
            part = fraction or default_fraction(plan, split)
            with progress(False) as observer:
                found = forecast(plan, fine, part, cores or here, begun, here, pool, observer)
        finally:
            pool.close()
    if as_json:
        click.echo(orjson.dumps(found, option=orjson.OPT_INDENT_2))
    else:
        show_forecast(found, file=sys.stdout)


def show_forecast(found: dict[str, Any], file: IO[str]) -> None:
    """Print the funnel that is to be expected, then what the run takes and needs."""
    console = Console(file=file, highlight=False, soft_wrap=not file.isatty(), width=None if file.isatty() else 140)
    console.print(_funnel(found))
    console.print(_needs(found))
    console.print(_how(found), markup=False)


def _funnel(found: dict[str, Any]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("step", "in", "dropped", "%", "kept", "kept MB", "least", "most"):
        table.add_column(name, justify="left" if name == "step" else "right")
    bad = found["read_quarantined"]
    table.add_row(
        "read", "", f"{bad:,} unreadable" if bad else "", "", f"{found['rows_read']:,}", megabytes(found["bytes_read"])
    )
    for step in found["steps"]:
        gone, rows = step["dropped"]["likely"], step["rows_in"]["likely"]
        doubt = step["rows_out"]["least"] != step["rows_out"]["most"]
        table.add_row(
            Text(step["label"]),
            f"{rows:,}",
            f"{'~' if doubt else ''}{gone:,}" if gone or doubt else "",
            f"{gone / rows:.1%}" if gone and rows else "",
            f"{step['rows_out']['likely']:,}",
            megabytes(step["bytes_out"]["likely"]),
            *_bounds(step["rows_out"]),
        )
    for output in found["outputs"]:
        table.add_row(
            Text(f"written: {output['dataset']}"),
            "",
            "",
            "",
            f"{output['rows']['likely']:,}",
            megabytes(output["text_bytes"]["likely"]),
            *_bounds(output["rows"]),
            style="bold",
        )
    return table


def _needs(found: dict[str, Any]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_header=False)
    table.add_column(justify="left")
    table.add_column(justify="right")
    table.add_column(justify="left")
    for output in found["outputs"]:
        table.add_row(f"data files of {output['dataset']}", f"{megabytes(output['bytes']['likely'])} MB", "")
    disk = found["disk"]
    what = f"work folder {megabytes(disk['work'])}, output {megabytes(disk['output'])}"
    table.add_row("disk", f"{megabytes(disk['work'] + disk['output'])} MB", what)
    table.add_row("memory of a worker", f"{megabytes(found['peak_memory'])} MB", "the largest seen in the sample")
    table.add_row("core-hours", f"{found['core_seconds'] / 3600:,.4g}", "")
    cores = f"{found['cores']} core{'s' if found['cores'] != 1 else ''}"
    table.add_row(f"time on {cores}", span(found["seconds"]), "")
    for phase in found["phases"]:
        if phase["core_seconds"] >= found["core_seconds"] / 100:
            table.add_row(
                Text(f"  {phase['title']}"), span(phase["seconds"]), f"{phase['core_seconds'] / 3600:,.4g} core-hours"
            )
    return table


def _how(found: dict[str, Any]) -> str:
    sample = found["sample"]
    if sample["whole"]:
        return f"the input is small: all {megabytes(sample['of'])} MB of it were run"
    share = sample["bytes"] / sample["of"]
    return (
        f"from a sample: {sample['pieces']:,} pieces drawn at random, {sample['rows']:,} documents, "
        f"{megabytes(sample['bytes'])} of {megabytes(sample['of'])} MB ({share:.1%}), and a half of it; "
        "~ and least, most: extrapolated, for a sample shows few of the duplicates"
    )


def _bounds(rows: Range) -> tuple[str, str]:
    return (f"{rows['least']:,}", f"{rows['most']:,}") if rows["least"] != rows["most"] else ("", "")


def span(seconds: float) -> str:
    """Seconds as a person would say them."""
    if seconds < 120:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.1f} min" if seconds < 7200 else f"{seconds / 3600:,.1f} h"
