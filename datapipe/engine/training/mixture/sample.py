"""What methods learn from: of each group a sample by hash, how much there is of it, and the target's texts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from datapipe.core.errors import RecipeError
from datapipe.core.language_model.windows import windows
from datapipe.core.mixing.method import Domains
from datapipe.core.mixing.portions import ALL_HELD_OUT
from datapipe.core.seeds import hashes, step_seed
from datapipe.engine.training.labelled import Read, Row, field_at, rows_of
from datapipe.engine.training.lines import Sample, described

NAMED = re.compile(r"(?P<name>[^=/{}]+)=(?P<input>.+)", re.DOTALL)
PASSAGES = 64  # of a sample at least: one book must not be all that is seen of a group
LEAST, MOST = 1 << 10, 1 << 14  # characters of a passage
MOST_GROUPS = 256  # a model for each, several times: more is a column that holds no groups
HIDDEN = 0.3  # share of a target's texts that no method sees, so that what it found can be judged


@dataclass(frozen=True)
class Inputs:
    """What is read: see `datapipe train mixture --help`.

    inputs, targets  [NAME=]INPUT      by  the field that names a row's group; None where inputs are named
    sample           bytes of each group's and each target's texts that are taken
    """

    inputs: Sequence[str]
    targets: Sequence[str]
    by: str | None = None
    text_field: str | None = None
    sample: int = 500_000
    seed: int = 0


@dataclass
class Group:
    """A group as it is read."""

    taken: Sample
    documents: int = 0
    size: int = 0


@dataclass(frozen=True)
class Gathered:
    """domains  what methods see      judge  the same with the part of the target that no method sees
    documents  of each group      files, read  as cards tell of them      said  what a reader should know
    """

    domains: Domains
    judge: Domains
    documents: Mapping[str, int]
    files: Mapping[str, list[dict[str, Any]]]
    read: Mapping[str, int]
    said: list[str] = field(default_factory=list)


def gather(asked: Inputs) -> Gathered:
    """Read all inputs and targets once; the same texts give the same samples, whatever their order.

    A RecipeError for what is not there, one group only, and a target without texts.
    """
    if len(asked.targets) != len({_named(given, "target")[0] for given in asked.targets}):
        raise RecipeError("--target: two are called the same; name them, such as --target wiki=wiki.jsonl")
    read = Read()
    targets = {}
    for given in asked.targets:
        name, path = _named(given, "target")
        if name.startswith(ALL_HELD_OUT):
            raise RecipeError(f"--target {given}: what groups hold out is called so in the report; give another name")
        targets[name] = _texts(_group(rows_of([path], asked.text_field, f"target {name}", read), asked))
        if not targets[name]:
            raise RecipeError(
                f"--target {given}: its texts are empty, or no passage fits into --sample {asked.sample:,} bytes"
            )
    groups = _by_field(asked, read) if asked.by is not None else _by_name(asked, read)
    if len(groups) < 2:
        only = next(iter(groups), "none")
        raise RecipeError(f"one group only, {only}: weights are between several; name inputs NAME=INPUT, or give --by")
    aimed = {text for texts in targets.values() for text in texts}
    samples = {name: _texts(groups[name]) for name in sorted(groups)}
    texts = {name: [text for text in samples[name] if text not in aimed] for name in samples}
    for name, left in texts.items():
        if not samples[name]:
            raise RecipeError(f"{name}: no passage of its texts fits into --sample {asked.sample:,} bytes; give more")
        if not left:
            raise RecipeError(
                f"{name}: all its texts are in a target; what is learnt from it would be the target itself"
            )
    available = {name: groups[name].size for name in sorted(groups)}
    seen, hidden, said = _parted(targets, asked.seed)
    said += _left_out(read, {name: len(samples[name]) - len(texts[name]) for name in samples})
    return Gathered(
        Domains(texts, available, seen),
        Domains(texts, available, hidden),
        {name: groups[name].documents for name in sorted(groups)},
        {label: [described(url) for url in sorted(urls)] for label, urls in sorted(read.urls.items())},
        read.counts(),
        said,
    )


def _left_out(read: Read, aimed: Mapping[str, int]) -> list[str]:
    """Sentences on what was not learnt from, though it was given."""
    said = []
    if read.bad:
        said.append(f"{read.bad:,} records of the inputs cannot be read and were left out")
    if read.unlabelled:
        said.append(f"{read.unlabelled:,} rows have no group and were left out")
    if found := {name: count for name, count in aimed.items() if count}:
        most = max(found, key=lambda name: (found[name], name))
        said.append(
            f"{sum(found.values()):,} texts of the groups are in a target too, most of them of {most}: nothing is learnt "
            "from them, but they count as text that can be read; hold the target out of the corpus"
        )
    return said


def _by_name(asked: Inputs, read: Read) -> dict[str, Group]:
    paths: dict[str, list[str]] = {}
    for given in asked.inputs:
        name, path = _named(given, "")
        if not name:
            raise RecipeError(f"{given}: has no name; give NAME=INPUT, or the field that names a row's group by --by")
        paths.setdefault(name, []).append(path)
    if len(paths) == 1:
        raise RecipeError(f"one group only, {next(iter(paths))}: weights are between several; give another, or --by")
    return {name: _group(rows_of(paths[name], asked.text_field, name, read), asked) for name in sorted(paths)}


def _by_field(asked: Inputs, read: Read) -> dict[str, Group]:
    groups: dict[str, Group] = {}
    fields: dict[str, None] = {}
    without = 0
    for row in rows_of([_named(given, "")[1] for given in asked.inputs], asked.text_field, "", read):
        value = field_at(row.fields, asked.by or "")
        if value is None or value == "":
            without += 1
            fields.update(dict.fromkeys(row.fields))
            continue
        name = value if isinstance(value, str) else orjson.dumps(value).decode()
        if name not in groups and len(groups) == MOST_GROUPS:
            raise RecipeError(
                f"--by {asked.by}: more than {MOST_GROUPS} values; expected a field of groups, such as source"
            )
        _add(groups.setdefault(name, _new(asked)), row, asked)
    if not groups:
        raise RecipeError(
            f"--by {asked.by}: no row has it; fields found: {', '.join(sorted(fields)) or 'none but text'}"
        )
    read.unlabelled += without
    return groups


def _named(given: str, otherwise: str) -> tuple[str, str]:
    found = NAMED.fullmatch(given)
    return (found["name"], found["input"]) if found else (otherwise, given)


def _new(asked: Inputs) -> Group:
    return Group(Sample(asked.sample, step_seed(asked.seed, "mixture") & (2**63 - 1)))


def _group(rows: Iterator[Row], asked: Inputs) -> Group:
    group = _new(asked)
    for row in rows:
        _add(group, row, asked)
    return group


def _add(group: Group, row: Row, asked: Inputs) -> None:
    group.documents += 1
    for passage in windows(row.text, min(max(asked.sample // PASSAGES, LEAST), MOST)):
        line = passage.encode()
        group.size += len(line)
        if passage.strip() and len(line) <= asked.sample:
            group.taken.add(line)


def _texts(group: Group) -> list[str]:
    """Each once, by hash."""
    return [line.decode() for line in dict.fromkeys(group.taken.lines())]


def _parted(
    targets: Mapping[str, list[str]], seed: int
) -> tuple[dict[str, list[str]], dict[str, list[str]], list[str]]:
    """Each target in what methods see and what they are judged on; of fewer than four texts both are all."""
    seen, hidden, said = {}, {}, []
    for name in sorted(targets):
        texts = targets[name]
        if len(texts) < 4:
            seen[name] = hidden[name] = texts
            said.append(f"target {name}: {len(texts)} texts, on which weights are both found and judged; give more")
            continue
        places = hashes(step_seed(seed, "hidden"), texts).argsort(kind="stable")
        cut = max(1, round(HIDDEN * len(texts)))
        hidden[name] = [texts[n] for n in sorted(places[:cut].tolist())]
        seen[name] = [texts[n] for n in sorted(places[cut:].tolist())]
    return seen, hidden, said
