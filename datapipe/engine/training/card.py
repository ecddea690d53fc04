"""The data card of a classifier: what it was trained on, what it is worth, and how it is used."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import orjson

from datapipe import __version__
from datapipe.engine.training.card_text import page
from datapipe.engine.training.examples import Chosen, flags_of
from datapipe.engine.training.labelled import Read
from datapipe.engine.training.lines import described

NAMED = 20  # languages and sources of a label that are named
RISKS = {
    "quality": (
        "A quality classifier likes what is like its positive texts. Dialect, colloquial text and text by or about "
        "minorities go first (Dodge et al. 2021, arXiv:2104.08758); so do genres that the positive texts lack, such as "
        "poems, lists and code. See who loses with `datapipe report` before dropping anything.",
        "Negative texts drawn from the web hold good documents, too: a low score is no proof of low quality.",
    ),
    "toxicity": (
        "A toxicity classifier takes identity terms, reclaimed slurs and dialect, African American English above all, for "
        "toxic (Sap et al. 2019; Xu et al. 2021, arXiv:2104.06390), and misses what is hateful without a bad word.",
        "Labels are those of the people who gave them; texts of another site, time or style will score otherwise.",
    ),
}


def card_of(
    name: str,
    labels: tuple[str, ...],
    targets: tuple[str, ...],
    chosen: Chosen,
    read: Read,
    measured: dict[str, Any] | None,
    said: list[str],
) -> dict[str, Any]:
    """All that a later reader needs; nothing of the time or the machine."""
    flags = flags_of(chosen, labels)
    covered = sorted({lang for lang in chosen.langs.tolist() if lang})
    return {
        "kind": f"{name} classifier",
        "versions": {"datapipe": __version__, "numpy": np.__version__, "numba": numba.__version__},
        "labels": labels,
        "targets": targets,
        "inputs": {label or "all": [described(url) for url in urls] for label, urls in read.urls.items()},
        "read": read.counts(),
        "texts": {label: _texts(chosen, flags[:, column]) for column, label in enumerate(labels)},
        "copies_left_out": chosen.copies,
        "copies": chosen.named,
        "contradictions_left_out": chosen.contradictions,
        "contradictions": chosen.contradicting,
        "over_max_examples": chosen.left_out,
        "held_out": measured,
        "warnings": said,
        "risks": [
            *RISKS[name],
            f"It knows the languages it was trained on: {', '.join(covered) or 'the texts do not say which'}. In others "
            "its scores mean nothing; apply it with `where: {lang: […]}`.",
        ],
        "recipe": _recipe(name, targets, measured),
    }


def read_me(card: dict[str, Any]) -> str:
    """The card as Markdown."""
    return page(card)


def _texts(chosen: Chosen, inside: Any) -> dict[str, Any]:
    lengths = (chosen.stops - chosen.starts)[inside]
    return {
        "train": int((inside & ~chosen.held).sum()),
        "held_out": int((inside & chosen.held).sum()),
        "bytes": int(lengths.sum()),
        "mean_bytes": round(float(lengths.mean()), 1) if len(lengths) else None,
        "median_bytes": float(np.median(lengths)) if len(lengths) else None,
        "langs": _most(chosen.langs[inside]),
        "sources": _most(chosen.sources[inside]),
    }


def _most(names: Any) -> dict[str, int]:
    values, counts = np.unique(names, return_counts=True)
    order = sorted(range(len(values)), key=lambda n: (-counts[n], values[n]))[:NAMED]
    return {str(values[n]) or "unknown": int(counts[n]) for n in order}


def _recipe(name: str, targets: tuple[str, ...], measured: dict[str, Any] | None) -> str:
    """A step for a recipe that lies beside the model: quality keeps a tenth of the others, toxicity drops a hundredth."""
    quoted = {label: orjson.dumps(label).decode() for label in targets}  # a label may be 1, or yes
    bounds = {label: _threshold(name, label, measured) for label in targets}
    if name == "quality":
        (label,) = targets
        return f"- quality_classifier: {{model: quality.bin, label: {quoted[label]}, min_score: {bounds[label]}}}"
    pairs = ", ".join(f"{quoted[label]}: {bounds[label]}" for label in targets)
    return f"- toxicity: {{model: toxicity.bin, categories: [{', '.join(quoted.values())}], max_score: {{{pairs}}}}}"


def _threshold(name: str, label: str, measured: dict[str, Any] | None) -> str:
    """Rounded down, so that what the table counts is counted."""
    share = 0.1 if name == "quality" else 0.01
    rows = measured["threshold_tables"][label] if measured else []
    found = next((row["threshold"] for row in rows if row.get("top_of_negatives") == share), 0.5)
    if name == "toxicity":
        found = max(found, 0.5)  # where labels are told apart with ease, a hundredth begins near 0
    return f"{np.floor(found * 1e6) / 1e6:.6f}"
