"""The card of learned weights, for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from datapipe.core.mixing.weights_file import WeightsFile


def page(answer: WeightsFile, name: str) -> str:
    """Markdown: weights beside natural and uniform ones, losses, stability, warnings, parameters."""
    facts = answer.facts
    parts = [
        f"# Mixture weights by {answer.method}",
        f"Shares of {answer.unit} by `{answer.by}`, in `{name}`: " + _use(facts),
        _weights(facts),
        *_at_bound(facts),
        f"Entropy {facts['entropy']:.3f} nats: as uneven as {facts['effective_groups']:.1f} equal groups of "
        f"{len(facts['groups'])}. Epochs are of a training of {facts['budget_bytes'] / 1e6:,.2f} MB.",
        "## Losses",
        "Nats a byte of a small model trained on each mixture, mean and standard deviation over seeds. What a target is "
        "judged on was seen by no method. `held out` are the groups' own texts, which may pay for what a target gains.",
        _losses(facts["losses"]),
        "## Stability",
        _stability(facts),
        *(["## Warnings", "\n".join(f"- {said}" for said in facts["warnings"])] if facts["warnings"] else []),
        "## Parameters",
        _table(("parameter", "value"), [[key, _short(value)] for key, value in facts["parameters"].items()]),
        "Proxy: " + ", ".join(f"{key} {_short(value)}" for key, value in facts["proxy"].items()) + ".",
        "## Inputs",
        _table(
            ("input", "file", "bytes", "sha256"),
            [
                [label or "all", file["file"], f"{file['bytes']:,}", f"{file['sha256'][:16]}…"]
                for label, files in facts["inputs"].items()
                for file in files
            ],
        ),
    ]
    return "\n\n".join(parts) + "\n"


def _use(facts: dict[str, Any]) -> str:
    targets = ", ".join(facts["targets"])
    return f"found for {targets}." if targets else "found without a target."


def _weights(facts: dict[str, Any]) -> str:
    spread = facts["stability"]["spread"]
    rows = sorted(facts["groups"].items(), key=lambda pair: (-pair[1]["weight"], pair[0]))
    head = ("group", "weight", "seeds ±", "natural", "uniform", "at most", "epochs", "MB")
    body = [
        [name, f"{row['weight']:.4f}", f"{spread[name]:.4f}" if spread else "", f"{row['natural']:.4f}",
         f"{row['uniform']:.4f}", f"{row['most']:.4f}", f"{row['epochs']:.2f}", f"{row['bytes'] / 1e6:,.2f}"]
        for name, row in rows
    ]  # fmt: skip
    return _table(head, body)


def _losses(losses: dict[str, dict[str, list[float]]]) -> str:
    judged = list(next(iter(losses.values())))
    return _table(
        ("mixture", *judged),
        [[name, *(_mean(row[target]) for target in judged)] for name, row in losses.items()],
    )


def _stability(facts: dict[str, Any]) -> str:
    rows = []
    for number, (held, seed) in enumerate(zip(facts["stability"]["seeds"], facts["seeds"], strict=True), 1):
        moved = ", ".join(f"{change:.3f}" for change in held["changes"]) or "none"
        fit = seed["facts"].get("rank_correlation_held_out")
        shown = "" if fit is None else f"{fit:.3f}"
        rows.append([str(number), *_evenness(held), _evenness_before(held["free"]), moved, shown])
    apart = f"The answers of two seeds differ by {facts['stability']['apart']:.3f} of the whole at most."
    head = (
        "seed",
        "effective groups",
        "largest",
        "before the bound",
        "moved, round by round",
        "rank correlation of the regression, held out",
    )
    return _table(head, rows) + "\n\n" + apart


def _at_bound(facts: dict[str, Any]) -> list[str]:
    """A sentence on what the bound has cut, if it has."""
    seeds = len(facts["seeds"])
    said = []
    for name, row in facts["groups"].items():
        if row["at_bound"]:
            free = "" if row["free"] is None else f", {row['free']:.4f} before it"
            said.append(f"{name} (in {row['at_bound']} of {seeds} seeds{free})")
    if not said:
        return []
    why = f"all there is, {facts['max_epochs']:g} times; a method might have given more"
    return [f"Cut at the bound ({why}): " + ", ".join(said) + "."]


def _evenness(held: dict[str, Any]) -> tuple[str, str]:
    name, share = held["largest"]
    return f"{held['effective_groups']:.1f}", f"{name} {share:.3f}"


def _evenness_before(free: dict[str, Any] | None) -> str:
    return "" if free is None else "; ".join(_evenness(free))


def _mean(values: Sequence[float]) -> str:
    spread = f" ± {np.std(values, ddof=1):.4f}" if len(values) > 1 else ""
    return f"{np.mean(values):.4f}{spread}"


def _short(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
