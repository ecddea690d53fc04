"""Lists of words as recipes name them and as they are published."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from datapipe.core.context import Context
from datapipe.core.errors import RecipeError

Words = str | Sequence[str]  # a file, or the words themselves
Spec = str | Sequence[str] | Mapping[str, Words | Mapping[str, Words]]
Lists = Mapping[tuple[str, str], Sequence[str]]  # by language and category
LISTED = "listed"  # the category of lists that name none
_PACKED = {".gz", ".bz2", ".xz", ".zst"}
_JSON = {".jsonl", ".json", ".ndjson"}
_CODE = re.compile(r"\*|[A-Za-z]{2,3}([-_].*)?")  # `english` would be no row's language, and never judge a text


def files_of(spec: Spec) -> tuple[str, ...]:
    """The paths in it."""
    if isinstance(spec, str):
        return (spec,)
    if not isinstance(spec, Mapping):
        return tuple(spec)
    nested = [words.values() if isinstance(words, Mapping) else [words] for words in spec.values()]
    return tuple(words for group in nested for words in group if isinstance(words, str))


def read_lists(spec: Spec, ctx: Context) -> Lists:
    """The words of each language and category.

    spec  as for `WordLists.read`. Raises RecipeError for a file that is no list
    """
    lists: dict[tuple[str, str], list[str]] = {}

    def add(lang: str, category: str, words: Iterable[str], path: str | None = None) -> None:
        if not _CODE.fullmatch(lang):
            own = "" if path is None else f"; or say whose it is: {{en: {path}}}"
            raise RecipeError(f"words: {path or lang}: {lang!r} is no language; expected en, pt-BR or '*' for all{own}")
        lists.setdefault((lang, category), []).extend(words)

    if isinstance(spec, Mapping):
        for lang, words in spec.items():
            for category, some in words.items() if isinstance(words, Mapping) else [(LISTED, words)]:
                add(lang, category, ctx.lines(some) if isinstance(some, str) else some)
    else:
        for path in files_of(spec):
            name = PurePosixPath(path.rsplit("/", 1)[-1])
            while name.suffix in _PACKED:
                name = name.with_suffix("")
            if name.suffix in _JSON:
                for lang, words in _json_lines(path, ctx):
                    add(lang, LISTED, words)
            else:
                add(name.stem, LISTED, ctx.lines(path), path)
    if not any(lists.values()):
        raise RecipeError("words: the lists hold no word")
    return lists


def _json_lines(path: str, ctx: Context) -> Iterable[tuple[str, list[str]]]:
    with ctx.open(path) as stream:
        lines = stream.read().decode("utf-8-sig").splitlines()
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            found: Any = json.loads(line)
        except json.JSONDecodeError as error:
            raise RecipeError(f"no JSON: {error.msg}", path, number) from None
        lang, words = (found.get("lang"), found.get("words")) if isinstance(found, dict) else (None, None)
        if not isinstance(lang, str) or not isinstance(words, list) or not all(isinstance(w, str) for w in words):
            raise RecipeError('expected {"lang": "en", "words": ["…"]}', path, number)
        yield lang, words
