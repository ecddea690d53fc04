"""The report on bias: languages, sources, domains and lengths that a filter keeps otherwise than the rest."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any

from datapipe.cli.pii import console_of, show_table

if TYPE_CHECKING:
    from datapipe.cli.keep_rates import Audit
    from datapipe.core.bias.outliers import KeepRate

FEW = 4  # outliers of a dimension that are told unasked
LEGEND = (
    "Named is what a step keeps more or less often than all other documents (the rest), by more than chance: look at some of "
    "the dropped ones. Expected is the rate at which the rest's documents of the same lengths are kept."
)
WORDS = {"lang": "language", "source": "source", "domain": "domain", "length": "length"}


def show_bias(audits: list[Audit], gone: list[str], folder: str, file: IO[str]) -> None:
    """Print, for each audited step that drops some, the overall keep rate and a line for each of the first outliers."""
    console = console_of(file)
    if gone:
        console.print(f"bias audit: not told, for {', '.join(gone)} was removed", markup=False)
    for audit in audits:
        if not audit.rows or audit.kept == audit.rows:
            continue
        console.print(
            f"bias audit of {audit.step}: {_percent(audit.kept / audit.rows)} of {audit.rows:,} documents kept",
            markup=False,
        )
        even = []
        for dimension, found in audit.outliers.items():
            for rate in found[:FEW]:
                console.print(f"  {WORDS[dimension]} {told(dimension, rate)}", markup=False)
            if len(found) > FEW:
                console.print(f"    and {len(found) - FEW:,} more", markup=False)
            if not found and audit.compared[dimension]:
                even.append(f"{audit.compared[dimension]:,} {WORDS[dimension]}s")
        if even:
            console.print(f"  no outlier among {', '.join(even)}", markup=False)
        console.print(f"  all values: datapipe report {folder} --bias {audit.step}", markup=False)
    if any(found for audit in audits for found in audit.outliers.values()):
        console.print(LEGEND, markup=False)


def told(dimension: str, rate: KeepRate) -> str:
    """Such as `es 12.0 % kept (rest 41.3 %), expected from its lengths 39.0 %: 812 documents fewer`."""
    text = f"{_name(dimension, rate)} {_percent(rate.rate)} kept (rest {_percent(rate.rest)})"
    if rate.expected is not None:
        text += f", expected from its lengths {_percent(rate.expected / rate.rows)}"
    if rate.explained:
        return f"{text}, which explain it"
    return f"{text}: {abs(rate.missing):,.0f} documents {'fewer' if rate.missing > 0 else 'more'}"


def show_whole_audit(audit: Audit, file: IO[str]) -> None:
    """Print all values compared, most documents missing first; outliers are marked."""
    from datapipe.core.bias.outliers import by_missing

    console = console_of(file)
    share = _percent(audit.kept / audit.rows) if audit.rows else "none"
    found = audit.outliers
    console.print(f"{audit.step}: {share} of {audit.rows:,} documents kept", markup=False)
    for dimension, rates in audit.rates.items():
        outliers = set(found[dimension])
        rows = [
            (_name(dimension, rate), "outlier" if rate in outliers else "", f"{rate.rows:,}", f"{rate.kept:,}",
             _percent(rate.rate), _percent(rate.rest),
             "" if rate.expected is None else _percent(rate.expected / rate.rows), f"{-rate.missing:+,.0f}")
            for rate in by_missing(rates)
        ]  # fmt: skip
        if rows:
            columns = (WORDS[dimension], "", "documents", "kept", "%", "rest %", "by length %", "more or fewer")
            show_table(console, columns, 2, rows)


def as_plain(audit: Audit, whole: bool = False) -> dict[str, Any]:
    """For JSON: the outliers, or all values compared."""
    return {
        "step": audit.step, "rows": audit.rows, "kept": audit.kept, "compared": audit.compared,
        "outliers": {dimension: [_plain(rate) for rate in found] for dimension, found in audit.outliers.items()},
        **({"values": {d: [_plain(rate) for rate in rates] for d, rates in audit.rates.items()}} if whole else {}),
    }  # fmt: skip


def _plain(rate: KeepRate) -> dict[str, Any]:
    return {
        "value": rate.value, "rows": rate.rows, "kept": rate.kept, "rest_rate": rate.rest,
        "expected": rate.expected, "missing": rate.missing, "chance": rate.chance,
    }  # fmt: skip


def _name(dimension: str, rate: KeepRate) -> str:
    if rate.value is None:
        return "not known"
    if not rate.value:
        return '""'
    return f"{rate.value} characters" if dimension == "length" else rate.value


def _percent(share: float) -> str:
    return f"{share:.1%}".replace("%", " %")
