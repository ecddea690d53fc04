"""Classifiers by `datapipe train toxicity` on labelled files: `python tests/bench/classifiers.py FILE:LABEL[+LABEL][:GROUP]...`

Each FILE has `text` and `label`; the labels given are toxic (or good), all others are not. Prints, as Markdown, the means
over --splits held-out parts (0.3 of the texts; those equal in the field GROUP together) beside the majority and length,
and the AUC of what was trained on one file on all texts of each other.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from datapipe.arrow.text import text_of
from datapipe.core.classifier.classifier import Classifier
from datapipe.core.classifier.metrics import at_threshold, auc, average_precision
from datapipe.core.classifier.model_file import read_classifier
from datapipe.core.context import Context
from datapipe.engine.training.classifier import Training, train_classifier
from datapipe.engine.training.fasttext import FastTextSettings
from datapipe.engine.training.labelled import TOXIC, Labelling, Read, labelled_rows
from datapipe.io.opening import open_file

METHODS: dict[str, dict[str, Any]] = {
    "logistic": {"method": "logistic"},
    "fasttext": {"fasttext": FastTextSettings(dim=50, word_ngrams=2, bucket=200_000)},
    "fasttext, lr 0.5, 25 epochs": {"fasttext": FastTextSettings(0.5, 50, 25, word_ngrams=2, bucket=200_000)},
}
SHOWN = ("auc", "average_precision", "precision", "recall", "f1", "accuracy")


class Labelled(NamedTuple):
    """A file, and which of its labels are the one to be told."""

    path: str
    labelling: Labelling

    @property
    def name(self) -> str:
        return Path(self.path).name.split(".")[0]


def labelled(given: str) -> Labelled:
    path, labels, *group = given.split(":")
    return Labelled(path, Labelling(toxic=tuple(labels.split("+")), merge=True, group=group[0] if group else None))


def trained(file: Labelled, seed: int, held_out: float, options: dict[str, Any]) -> tuple[dict[str, Any], Classifier]:
    read = Read()
    with tempfile.TemporaryDirectory() as folder:
        training = Training("toxicity", Path(folder), held_out=held_out, seed=seed, **options)
        card = train_classifier(
            training, labelled_rows([file.path], None, file.labelling, read), read, None, lambda _: None
        )
        return card, read_classifier(f"{folder}/toxicity.bin", Context("bench", 0, open_file))


def within(files: list[Labelled], splits: int) -> None:
    print(f"| file | method | majority | AUC of length | {' | '.join(SHOWN)} | calibration error |")
    print(f"|{'---|' * (len(SHOWN) + 5)}")
    for file in files:
        for method, options in METHODS.items():
            cards = [trained(file, seed, 0.3, options)[0]["held_out"] for seed in range(splits)]
            found = [card["labels"][TOXIC] for card in cards]
            columns = [
                [card["accuracy_of_the_largest_class"] for card in cards],
                [one["auc_of_length"] for one in found],
                *([one[name] or 0.0 for one in found] for name in SHOWN),
                [one["calibration"]["expected_error"] for one in found],
            ]
            cells = [f"{np.mean(column):.3f} ± {np.std(column):.3f}" for column in columns]
            print(f"| {file.name} | {method} | {' | '.join(cells)} |", flush=True)


def across(files: list[Labelled]) -> None:
    print("\n| trained on | method | on | AUC | average precision | precision | recall |")
    print(f"|{'---|' * 7}")
    for method, options in METHODS.items():
        for file in files:
            classifier = trained(file, 0, 0.0, options)[1]
            for other in files:
                if other == file:
                    continue
                rows = list(labelled_rows([other.path], None, other.labelling, Read()))
                text = text_of(pa.array([row.text for row in rows], pa.large_string()))
                scores = classifier.chances(text)[:, classifier.labels.index(TOXIC)]
                positive = np.array([row.labels == (TOXIC,) for row in rows])
                half = at_threshold(scores, positive, 0.5)
                cells = (auc(scores, positive), average_precision(scores, positive), half["precision"], half["recall"])
                shown = " | ".join(f"{cell or 0:.3f}" for cell in cells)
                print(f"| {file.name} | {method} | {other.name} | {shown} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", type=labelled)
    parser.add_argument("--splits", type=int, default=5)
    parser.add_argument("--across", action="store_true")
    options = parser.parse_args()
    within(options.files, options.splits)
    if options.across:
        across(options.files)


if __name__ == "__main__":
    main()
