"""A classifier's card as a page of Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any


def page(card: dict[str, Any]) -> str:
    """What the JSON of the card says, for people."""
    name = card["kind"].split()[0]
    parts = [
        f"# {card['kind'].capitalize()}: {', '.join(card['labels'])}",
        f"A text classifier by `datapipe train {name}`, method {card['method']}; datapipe {card['versions']['datapipe']}.",
        "## Use",
        f"In a recipe beside `{name}.bin`:\n\n```yaml\nsteps:\n  {card['recipe']}\n```",
    ]
    if card["warnings"]:
        parts += ["## Warnings", _list(card["warnings"])]
    parts += ["## Risks", _list(card["risks"]), "## Training texts", _inputs(card), _texts(card), _left_out(card)]
    if card["held_out"]:
        parts += ["## On held-out texts", *_measured(card["held_out"])]
    else:
        parts += ["## On held-out texts", "None were held out: nothing is known of its worth."]
    parts += ["## Parameters", _table(("parameter", "value"), _single(card["parameters"]))]
    parts += ["## Training", _table(("figure", "value"), _single(card["training"]))]
    parts += ["## Files", _table(("file", "bytes", "SHA-256"), [_file(file) for file in card["files"]])]
    return "\n\n".join(parts) + "\n"


def _inputs(card: dict[str, Any]) -> str:
    rows = [(label, *_file(file)) for label, files in card["inputs"].items() for file in files]
    return _table(("class", "file", "bytes", "SHA-256"), rows)


def _texts(card: dict[str, Any]) -> str:
    rows = [
        (label, t["train"], t["held_out"], t["mean_bytes"], t["median_bytes"], _most(t["langs"]), _most(t["sources"]))
        for label, t in card["texts"].items()
    ]
    return _table(("label", "train", "held out", "mean bytes", "median", "languages", "sources"), rows)


def _left_out(card: dict[str, Any]) -> str:
    read = card["read"]
    said = (
        f"Read: {read['rows']:,} rows; {read['without_text']:,} without text, {read['without_label']:,} without a label, "
        f"{read['unreadable']:,} unreadable. Left out: {card['copies_left_out']:,} copies, "
        f"{card['contradictions_left_out']:,} texts with contradicting labels, {card['over_max_examples']:,} over the "
        "number asked for."
    )
    named = [f"copies: {', '.join(ids)}" for ids in card["copies"]]
    return said + "".join(
        f"\n- {one}" for one in named + [f"labelled twice: {', '.join(c)}" for c in card["contradictions"]]
    )


def _measured(found: dict[str, Any]) -> Iterable[str]:
    keys = ("positives", "negatives", "auc", "average_precision", "precision", "recall", "f1", "accuracy")
    yield _table(
        ("label", *(key.replace("_", " ") for key in keys), "calibration error", "AUC of length"),
        [
            (name, *(row[key] for key in keys), row["calibration"]["expected_error"], row["auc_of_length"])
            for name, row in found["labels"].items()
        ],
    )
    yield (
        "Precision, recall, F1 and accuracy are at 0.5, and precision holds for this share of positives alone. "
        f"{found['without_words']:,} of {found['texts']:,} texts have no word the model knows, and rank last."
    )
    if "confusion" in found:
        names = list(found["confusion"])
        yield _table(
            ("label \\ said", *names), [(name, *(found["confusion"][name][other] for other in names)) for name in names]
        )
        accuracy, largest = found["accuracy"], found["accuracy_of_the_largest_class"]
        yield f"Accuracy {_shown(accuracy)}; of always saying the largest class {_shown(largest)}."
    for label, table in found["threshold_tables"].items():
        yield f"### Thresholds of {label}"
        yield "Shares of the texts with a score of the threshold or more, which a quality step keeps and a toxicity step drops."
        columns = ("positives_above", "negatives_above", "precision", "recall")
        yield _table(
            ("threshold", "of the negatives", *(c.replace("_", " ") for c in columns)),
            [
                (row["threshold"], f"top {row['top_of_negatives']:.0%}" if "top_of_negatives" in row else "",
                 *(row[c] for c in columns))
                for row in table
            ],
        )  # fmt: skip
        yield f"### {label} by group"
        groups = [(kind, group) for kind, some in found["groups"][label].items() for group in some]
        shown = ("positives", "negatives", "auc", "positives_above_at_0.5", "negatives_above_at_0.5")
        yield _table(
            ("group", *(key.replace("_", " ") for key in shown)),
            [(f"{kind} {group['name']}", *(group[key] for key in shown)) for kind, group in groups],
        )


def _file(file: dict[str, Any]) -> tuple[str, int, str]:
    return file["file"], file["bytes"], file["sha256"]


def _single(values: dict[str, Any]) -> list[tuple[str, Any]]:
    """Those that are no lists or tables, which stand in the JSON."""
    return [(name.replace("_", " "), value) for name, value in values.items() if not isinstance(value, list | dict)]


def _most(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {n}" for name, n in list(counts.items())[:5])


def _list(said: Sequence[str]) -> str:
    return "\n".join(f"- {one}" for one in said)


def _table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(_shown(cell) for cell in line)} |" for line in lines)


def _shown(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:.4f}" if abs(value) < 10 else f"{value:,.0f}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return str(value).replace("|", "\\|")
