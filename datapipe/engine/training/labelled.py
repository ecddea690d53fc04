"""Labelled texts from any reader: two classes from two inputs, or labels from a field of the rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import orjson
import pyarrow as pa

from datapipe.arrow.text import text_of
from datapipe.core.dedup.units import sentences_in_lines
from datapipe.core.errors import RecipeError, did_you_mean
from datapipe.engine.training.examples import Example
from datapipe.engine.training.lines import SPLIT, open_inputs

CLEAN, TOXIC = "clean", "toxic"
STANDARD = ("id", "url", "lang")  # fields that are columns; the others travel in `metadata`


@dataclass
class Read:
    """What was read: rows, those without text or label, records that could not be, and the files by class."""

    rows: int = 0
    blank: int = 0
    unlabelled: int = 0
    bad: int = 0
    urls: dict[str, dict[str, None]] = field(default_factory=dict)

    def counts(self) -> dict[str, int]:
        """As a card has them."""
        return {
            "rows": self.rows, "without_text": self.blank, "without_label": self.unlabelled, "unreadable": self.bad,
        }  # fmt: skip


class Row(NamedTuple):
    """A text with all that stands beside it."""

    text: str
    fields: dict[str, Any]


def two_classes(classes: Sequence[tuple[str, Sequence[str]]], text_field: str | None, read: Read) -> Iterator[Example]:
    """Each input's texts with the name of its class; RecipeError for a class without any."""
    for label, inputs in classes:
        for row in rows_of(inputs, text_field, label, read):
            yield _example(row, row.text, (label,), "")


@dataclass(frozen=True)
class Labelling:
    """Where labels stand, and which are the categories: see `datapipe train toxicity --help`."""

    field: str = "label"
    toxic: tuple[str, ...] = ()
    merge: bool = False
    level: str = "document"
    group: str | None = None

    def labels_of(self, value: Any) -> tuple[str, ...]:
        """A row's labels, sorted; of those that are not toxic, `clean`. A list may be empty: `clean`, too."""
        several = isinstance(value, list)
        names = sorted({_name(v) for v in (value if several else [value])})
        if self.toxic:
            names = [name for name in names if name in self.toxic]
            if names and self.merge:
                names = [TOXIC]
        return tuple(names) or (CLEAN,)


def labelled_rows(inputs: Sequence[str], text_field: str | None, labelling: Labelling, read: Read) -> Iterator[Example]:
    """The rows that have a label; RecipeError where none has, with the fields there are."""
    fields: dict[str, None] = {}
    values: dict[str, None] = {}
    found = grouped = False
    for row in rows_of(inputs, text_field, "", read):
        value = _label(field_at(row.fields, labelling.field))
        grouped = grouped or labelling.group is None or field_at(row.fields, labelling.group) is not None
        if value is None:
            read.unlabelled += 1
            if not found:
                fields.update(dict.fromkeys(row.fields))
            continue
        if isinstance(value, dict):
            raise RecipeError(
                f"--label-field {labelling.field}: {_whole(value)} is no label; fields may be nested, a.b"
            )
        found = True
        if len(values) < 1000:
            values.update(dict.fromkeys(map(_name, value if isinstance(value, list) else [value])))
        labels = labelling.labels_of(value)
        group = "" if labelling.group is None else _name(field_at(row.fields, labelling.group) or "")
        if labelling.level == "document":
            yield _example(row, row.text, labels, group)
        else:
            for sentence in _sentences(row.text):
                yield _example(row, sentence, labels, group or row.text)
    if not found:
        names = ", ".join(sorted(fields)) or "none but text"
        raise RecipeError(f"--label-field {labelling.field}: no row has it; fields found: {names}")
    if not grouped:
        raise RecipeError(f"--group-field {labelling.group}: no row has it")
    for label in labelling.toxic:
        if label not in values:
            raise RecipeError(f"--toxic {label}: no row has this label{did_you_mean(label, values)}")


def rows_of(inputs: Sequence[str], text_field: str | None, label: str, read: Read) -> Iterator[Row]:
    """The rows that have a text, with all their fields; RecipeError where none has. `label` is what `read` has files by."""
    urls = read.urls.setdefault(label, {})
    fault = ""
    texts = 0
    for reader in open_inputs(inputs, text_field):
        for piece in reader.pieces(SPLIT):
            urls[piece.url] = None
            for chunk in reader.read(piece):
                read.bad += len(chunk.bad)
                if chunk.bad and not fault:
                    fault = f"; the first record says: {chunk.bad[0][1].error}"
                for row in chunk.batch.to_pylist():
                    read.rows += 1
                    others = _unfolded(row.pop("metadata"))
                    text = row.pop("text")
                    others.setdefault("id", f"row {read.rows}")
                    others.update({name: value for name, value in row.items() if value is not None})
                    if text and not text.isspace():
                        texts += 1
                        yield Row(text, others)
                        continue
                    read.blank += 1
    if not texts:
        raise RecipeError(
            f"{', '.join(inputs)}: no row has a text in the field {text_field or 'text'}, which --text-field names{fault}"
        )


def _example(row: Row, text: str, labels: tuple[str, ...], group: str) -> Example:
    lang, source, name = (row.fields.get(key) for key in ("lang", "source", "id"))
    return Example(text, labels, _name(name or ""), _name(lang or ""), _name(source or ""), group)


def _sentences(text: str) -> Iterator[str]:
    """As the operators' level `sentence` cuts them."""
    whole = text_of(pa.array([text], pa.large_string()))
    for start, stop in sentences_in_lines(whole).rows.tolist():
        yield whole.data[start:stop].tobytes().decode()


def _unfolded(metadata: str | None) -> dict[str, Any]:
    """Fields that are no columns; of a run folder's rows those that were none when they were first read, too."""
    fields: dict[str, Any] = orjson.loads(metadata) if metadata else {}
    within = fields.get("metadata")
    if isinstance(within, str) and within.startswith("{"):
        try:
            fields = {**orjson.loads(within), **fields}
        except ValueError:
            return fields  # a text of its own
    return fields


def field_at(fields: dict[str, Any], path: str) -> Any:
    """A field, or one of a nested object: `a.b`."""
    value: Any = fields
    for name in (path,) if path in fields else path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _label(value: Any) -> Any:
    """A label, or a list of them; None for an empty cell of a table."""
    if isinstance(value, list):
        return [one for one in value if _label(one) is not None]
    return None if isinstance(value, str) and not value.strip() else value


def _name(value: Any) -> str:
    """A label as a word: 1, true, hate_speech."""
    text = value if isinstance(value, str) else orjson.dumps(value).decode()
    return "_".join(text.split())


def _whole(value: Any) -> str:
    return orjson.dumps(value).decode()[:80]
