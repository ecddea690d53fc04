"""`datapipe audit-pii --gold`: what was found beside what is labelled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import IO, Any

import orjson

from datapipe.cli.pii import console_of, show_table
from datapipe.cli.pii_audit import Audited
from datapipe.core.errors import RecipeError, did_you_mean
from datapipe.core.pii.catalog import TYPES
from datapipe.core.pii.gold import Measure, Span, compare, type_of

AROUND = 40  # characters of context on either side


def measured(run: Audited, types: str | None, errors: str | None) -> dict[str, Any]:
    """Precision and recall of each type; what was missed and what is false goes to the file `errors`.

    RecipeError for a label that cannot be, with its row and field.
    """
    more = _pairs(types)
    measures: dict[str, Measure] = {}
    unknown: Counter[str] = Counter()
    documents = hits = 0
    with Path(errors).open("wb") if errors else nullcontext() as stream:
        for name, text, gold, recall_only, found in _documents(run, more, unknown):
            documents += 1
            hits += len(found)
            missed, false = compare(gold, [span for span, _ in found], recall_only, measures)
            if stream is not None:
                scores = dict(found)
                stream.writelines(_error("missed", name, text, span, None) for span in missed)
                stream.writelines(_error("false", name, text, span, scores[span]) for span in false)
    labelled = {kind: measure for kind, measure in measures.items() if measure.gold}
    return {
        "documents": documents,
        "unreadable": run.unreadable,
        "hits": hits,
        "types": {kind: labelled[kind].plain() for kind in sorted(labelled)},
        "unlabelled": {kind: measure.hits for kind, measure in sorted(measures.items()) if not measure.gold},
        "unknown": dict(sorted(unknown.items(), key=lambda item: (-item[1], item[0]))),
    }


def show_measures(found: dict[str, Any], file: IO[str]) -> None:
    """Print the table."""
    console = console_of(file)
    titles = (
        "type",
        "labels",
        "hits",
        "precision",
        "recall",
        "F1",
        "precision, exact",
        "recall, exact",
        "recall, any type",
    )
    names = ("precision", "recall", "f1", "precision_exact", "recall_exact", "recall_any_type")
    rows = [
        (kind, f"{row['gold']:,}", f"{row['hits']:,}", *("-" if row[n] is None else f"{row[n]:.3f}" for n in names))
        for kind, row in found["types"].items()
    ]
    show_table(console, titles, 1, rows)
    if any(found["unlabelled"].values()):
        told = ", ".join(f"{kind} {n:,}" for kind, n in found["unlabelled"].items() if n)
        console.print(f"hits of types that no row labels: {told}", markup=False)
    if found["unknown"]:
        told = ", ".join(f"{kind} {n:,}" for kind, n in found["unknown"].items())
        console.print(f"labels of types that are not looked for: {told}; --gold-types maps them", markup=False)
    if found["unreadable"]:
        console.print(f"{found['unreadable']:,} records could not be read", markup=False)


Document = tuple[str | None, str, list[Span], bool, list[tuple[Span, float]]]


def _documents(run: Audited, more: Mapping[str, str], unknown: Counter[str]) -> Iterator[Document]:
    row = 0
    for batch in run.rows(["id", "text", "metadata", "entities"]):
        for document in batch.to_pylist():
            row += 1
            text = document["text"]
            where = f"row {row}" + (f" ({document['id']})" if document["id"] is not None else "")
            fields = orjson.loads(document["metadata"] or "{}")
            gold = list(_labels(fields, text, where, more, unknown))
            found = [
                (Span(kind, one["start"], one["end"]), one["score"])
                for one in document["entities"]
                if (kind := type_of(one["type"], {})) is not None
            ]
            yield document["id"], text, gold, bool(fields.get("recall_only")), found


def _labels(
    fields: dict[str, Any], text: str, where: str, more: Mapping[str, str], unknown: Counter[str]
) -> Iterator[Span]:
    spans = fields.get("spans")
    if not isinstance(spans, list):
        raise RecipeError(f"{where}: spans: {_found(fields, 'spans')}; expected a list of {{start, end, type}}")
    for at, span in enumerate(spans):
        field = f"{where}: spans[{at}]"
        if not isinstance(span, dict):
            raise RecipeError(f"{field}: found {span!r}; expected {{start, end, type}}")
        for name, kind, expected in (("start", int, "a number"), ("end", int, "a number"), ("type", str, "a string")):
            if not isinstance(span.get(name), kind) or isinstance(span.get(name), bool):
                raise RecipeError(f"{field}.{name}: {_found(span, name)}; expected {expected}")
        start, end = span["start"], span["end"]
        if not 0 <= start < end <= len(text):
            raise RecipeError(f"{field}: {start} to {end} is no part of a text of {len(text):,} characters")
        means = type_of(span["type"], more)
        if means is None:
            unknown[span["type"]] += 1
        else:
            yield Span(means, start, end)


def _found(fields: dict[str, Any], name: str) -> str:
    return f"found {fields[name]!r}" if name in fields else "missing"


def _pairs(given: str | None) -> dict[str, str]:
    """`MAIL=email,TEL=phone` as a map; RecipeError for a type that the catalog does not have."""
    pairs = {}
    for pair in (given or "").split(","):
        label, _, kind = (part.strip() for part in pair.partition("="))
        if not label:
            continue
        if kind not in TYPES:
            raise RecipeError(
                f"--gold-types {pair.strip()}: no type {kind or '(none)'}{did_you_mean(kind, list(TYPES))}"
            )
        pairs[label] = kind
    return pairs


def _error(what: str, name: str | None, text: str, span: Span, score: float | None) -> bytes:
    context = text[max(0, span.start - AROUND) : span.end + AROUND]
    value = text[span.start : span.end]
    return orjson.dumps(
        {"error": what, "type": span.type, "id": name, "start": span.start, "end": span.end, "score": score,
         "value": value, "context": context},
        option=orjson.OPT_APPEND_NEWLINE,
    )  # fmt: skip
