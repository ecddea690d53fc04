"""`datapipe tokenizer-report`: documents of any reader under any number of tokenizers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from datapipe.arrow.text import text_of
from datapipe.core.context import Context
from datapipe.core.errors import RecipeError
from datapipe.core.tokenizers.model_file import read_tokenizer, tokenizer_among
from datapipe.core.tokenizers.parity import Parity
from datapipe.core.tokenizers.probes import glitches, number_handling
from datapipe.core.tokenizers.usage import Usage
from datapipe.io.files import expand
from datapipe.io.model_cache import local_copy
from datapipe.io.opening import open_file
from datapipe.kernels.classes import class_table
from datapipe.kernels.word_symbols import word_symbols
from datapipe.kernels.words import abbreviations
from datapipe.plan.calibration import read_of
from datapipe.plan.inputs import build_reader
from datapipe.plan.locate import Located

SPLIT = 64_000_000  # bytes of an input that are read as one piece
OWN = ("id", "url", "lang")  # columns that every reader gives
Group = tuple[str, ...]


@dataclass(frozen=True)
class Request:
    """What is asked: see `datapipe tokenizer-report --help`."""

    tokenizers: tuple[str, ...]
    inputs: tuple[str, ...]
    by: tuple[str, ...] = ("lang",)
    parallel: str | None = None
    key: str | None = None
    relative_to: str = "en"
    text_field: str | None = None


def report_tokenizers(request: Request, tell: Callable[[str], None]) -> dict[str, Any]:
    """All measures, as plain values; the same input gives the same report. Memory is that of a batch and of the counts."""
    pattern = _pattern(request.key)
    names, usages = _usages(request)
    parity = Parity() if request.parallel else None
    sizes: dict[Group, np.ndarray] = {}  # documents, bytes, characters, words
    for batch in _batches(request, tell):
        groups = list(zip(*([v or "" for v in batch.column(c).to_pylist()] for c in request.by), strict=True))
        for group, own in zip(groups or [()] * batch.num_rows, _sizes(batch), strict=True):
            sizes[group] = sizes.get(group, 0) + own
        text = text_of(batch.column("text"))
        tokens = [usage.add(text, groups or [()] * batch.num_rows) for usage in usages]
        if parity is not None and request.parallel:
            keys = [_key(value, pattern) for value in batch.column(request.parallel).to_pylist()]
            parity.add(keys, [lang or "" for lang in batch.column("lang").to_pylist()], tokens)
    if not sizes:
        raise RecipeError(f"{', '.join(request.inputs)}: no document with text")
    for place, name in enumerate(request.by):
        if name not in OWN and not any(group[place] for group in sizes):
            raise RecipeError(f"--by {name}: no document has this field")
    premiums = parity.premiums(request.relative_to) if parity is not None else {}
    return {
        "by": request.by,
        "relative_to": request.relative_to if parity is not None else None,
        "tokenizers": [_told(n, name, usages, sizes, premiums) for n, name in enumerate(names)],
        "groups": [
            {"group": group, **dict(zip(("documents", "bytes", "characters", "words"), own.tolist(), strict=True))}
            for group, own in sorted(sizes.items())
        ],
        "premiums": premiums,
    }


def _told(
    n: int, name: str, usages: list[Usage], sizes: dict[Group, np.ndarray], premiums: dict[str, Any]
) -> dict[str, Any]:
    usage = usages[n]
    lost = glitches(usage)
    first = usages[0]
    rows = [_measures(usage, first, group, own) for group, own in sorted(sizes.items())]
    total = sum(sizes.values())
    assert isinstance(total, np.ndarray)
    return {
        "name": name,
        "slow": usage.tokenizer.slow,
        "all": _ratios(total, sum(r["tokens"] for r in rows), sum(a.tokens for a in first.groups.values()))
        | {
            measure: round(sum(getattr(a, measure) for a in usage.groups.values()) / max(1, int(usage.counts.sum())), 6)
            for measure in ("unknown", "fragments")
        },
        "groups": rows,
        "vocabulary": usage.vocabulary(),
        "ranks": usage.ranks(),
        "numbers": number_handling(usage.tokenizer),
        "premiums": {lang: found["premium"][n] for lang, found in premiums.items()},
        "never_used": lost.never,
        "fragments": lost.fragments,
        "unreachable": [{"id": token, "spelling": usage.spelled[token]} for token in lost.unreachable],
    }


def _measures(usage: Usage, first: Usage, group: Group, own: np.ndarray) -> dict[str, Any]:
    amounts = usage.groups[group]
    shares = {m: round(getattr(amounts, m) / max(1, amounts.tokens), 6) for m in ("unknown", "fragments")}
    used = round(int(amounts.used.sum()) / len(amounts.used), 6)
    return {
        "group": group,
        **_ratios(own, amounts.tokens, first.groups[group].tokens),
        **shares,
        "vocabulary_used": used,
    }


def _ratios(own: np.ndarray, tokens: int, of_first: int) -> dict[str, Any]:
    _, size, characters, words = own.tolist()
    return {
        "tokens": tokens,
        "tokens_per_word": round(tokens / words, 4) if words else None,
        "bytes_per_token": round(size / tokens, 4) if tokens else None,
        "characters_per_token": round(characters / tokens, 4) if tokens else None,
        "tokens_to_first": round(tokens / of_first, 4) if of_first else None,
    }


def _usages(request: Request) -> tuple[list[str], list[Usage]]:
    ctx = Context("tokenizer-report", 0, open_file, local=local_copy)
    paths = []
    for given in request.tokenizers:
        try:
            paths.append(tokenizer_among([file.url for file in expand([given], ())]))
        except ValueError as error:
            raise RecipeError(f"{given}: {str(error).removeprefix('model: ')}") from None
    short = [_name(path) for path in paths]
    names = [name if short.count(name) == 1 else path for name, path in zip(short, paths, strict=True)]
    return names, [Usage(read_tokenizer(path, ctx)) for path in paths]


def _name(path: str) -> str:
    place = PurePath(path)
    return place.parent.name if place.name in ("tokenizer.json", "tokenizer.model") else place.stem


def _batches(request: Request, tell: Callable[[str], None]) -> Iterator[pa.RecordBatch]:
    wanted = {*request.by, *([request.parallel, "lang"] if request.parallel else [])} - {*OWN}
    size = rows = bad = 0
    for given in request.inputs:
        read = read_of(given)
        columns = {name: {"field": name, "type": "string"} for name in sorted(wanted - {"source"})}
        if request.text_field is not None:
            columns["text"] = request.text_field  # type: ignore[assignment]  # of the base columns the field's name alone
        if columns:
            read["columns"] = {**read.get("columns", {}), **columns}
        reader = build_reader(read, (), Located("tokenizer-report", {}), str(Path.cwd()))
        for piece in reader.pieces(SPLIT):
            for chunk in reader.read(piece):
                bad += len(chunk.bad)
                batch = chunk.batch
                rows += batch.num_rows
                size += int(pc.sum(pc.binary_length(batch.column("text"))).as_py() or 0)
                yield _with_source(batch, given) if "source" in wanted else batch
            tell(f"{piece.url}: {rows:,} documents, {size / 1e6:,.1f} MB of text so far")
    if bad:
        tell(f"{bad:,} records could not be read and were left out")


def _with_source(batch: pa.RecordBatch, given: str) -> pa.RecordBatch:
    """The source that the rows' metadata names (that of a run's output), else what was given."""
    told = [(orjson.loads(m) if m else {}).get("source") or given for m in batch.column("metadata").to_pylist()]
    return batch.append_column("source", pa.array(told, pa.string()))


def _sizes(batch: pa.RecordBatch) -> np.ndarray:
    """A row for each document: 1, bytes, characters, words as the house cuts them."""
    column = batch.column("text")
    text = text_of(column)
    ends, *_ = word_symbols(*text, class_table(), abbreviations())
    characters = pc.fill_null(pc.utf8_length(column), 0).to_numpy(zero_copy_only=False)
    return np.stack([np.ones(len(text), np.int64), text.lengths, characters.astype(np.int64), np.diff(ends)], axis=1)


def _pattern(key: str | None) -> re.Pattern[str] | None:
    try:
        return re.compile(key) if key else None
    except re.error as error:
        raise RecipeError(f"--key {key}: not a regular expression: {error}") from None


def _key(value: str | None, pattern: re.Pattern[str] | None) -> str | None:
    """What links the versions of a text: the value, or what the pattern finds in it (its first group, if it has one)."""
    if value is None or pattern is None:
        return value
    found = pattern.search(value)
    return None if found is None else found.group(found.re.groups and 1)
