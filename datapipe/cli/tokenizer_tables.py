"""The report on tokenizers as tables."""

from __future__ import annotations

from typing import IO, Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

SHOWN = 12  # unreachable tokens that are printed; --json has them all


def show_tokenizers(found: dict[str, Any], file: IO[str]) -> None:
    """Print all tokenizers side by side, then each one's groups, and the tokens that it never gave."""
    console = Console(file=file, highlight=False, width=None if file.isatty() else 140)
    console.print(_side_by_side(found))
    for told in found["tokenizers"]:
        if found["by"] and len(told["groups"]) > 1:
            console.print(_groups(found, told))
    for told in found["tokenizers"]:
        console.print(_never(told), markup=False)
        if told["slow"]:
            console.print(f"{told['name']}: by its library, text by text: {told['slow']}", markup=False)
    if found["premiums"]:
        console.print(f"premium: tokens of the same texts, over those in {found['relative_to']}", markup=False)


def _side_by_side(found: dict[str, Any]) -> Table:
    titles = ("tokenizer", "vocabulary", "used", "tokens", "to the first", "tokens/word", "bytes/token", "chars/token",
              "unknown", "parts of characters", "numbers")  # fmt: skip
    table = _table(titles, left=("tokenizer", "numbers"))
    for told in found["tokenizers"]:
        own, size, used = told["all"], told["vocabulary"]["size"], told["vocabulary"]["used"]
        table.add_row(Text(told["name"]), f"{size:,}", f"{used / size:.1%}", *_measures(own), told["numbers"]["cut"])
    return table


def _groups(found: dict[str, Any], told: dict[str, Any]) -> Table:
    premium = ("premium",) if "lang" in found["by"] and found["premiums"] else ()
    titles = (*found["by"], "documents", "MB", "tokens", "to the first", "tokens/word", "bytes/token", "chars/token",
              "unknown", "parts of characters", "vocabulary", *premium)  # fmt: skip
    table = _table(titles, left=found["by"])
    table.title = told["name"]
    for group, own in zip(found["groups"], told["groups"], strict=True):
        size = f"{group['documents']:,}", f"{group['bytes'] / 1e6:,.2f}"
        names = [Text(name or "-") for name in group["group"]]
        row = [*size, *_measures(own), f"{own['vocabulary_used']:.1%}"]
        if premium:
            row.append(_number(told["premiums"].get(group["group"][found["by"].index("lang")])))
        table.add_row(*names, *row)
    return table


def _measures(own: dict[str, Any]) -> tuple[str, ...]:
    return (
        f"{own['tokens']:,}",
        *(_number(own[m]) for m in ("tokens_to_first", "tokens_per_word", "bytes_per_token", "characters_per_token")),
        *(f"{own[m]:.2%}" if own[m] else "" for m in ("unknown", "fragments")),
    )


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _never(told: dict[str, Any]) -> str:
    size, lost = told["vocabulary"], told["unreachable"]
    said = (
        f"{told['name']}: {size['never']:,} of {size['size']:,} tokens never used here, {size['below_10']:,} fewer than 10 "
        f"times; half the text is {size['for_50_percent']:,} tokens, 99 % of it {size['for_99_percent']:,}"
    )
    if lost:
        shown = ", ".join(f"{one['id']} {one['spelling']!r}" for one in lost[:SHOWN])
        rest = f" and {len(lost) - SHOWN:,} more (--json)" if len(lost) > SHOWN else ""
        said += f"\n  {len(lost):,} that no text gives, special tokens among them: {shown}{rest}"
    return said


def _table(titles: tuple[str, ...], left: tuple[str, ...]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, title_justify="left")
    for title in titles:
        table.add_column(title, justify="left" if title in left else "right", overflow="fold")
    return table
