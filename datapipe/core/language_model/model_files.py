"""The files of language models: which belongs to which language, and of what kind it is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePath

from pydantic import BaseModel, ConfigDict, Field

from datapipe.core.context import Context
from datapipe.core.language_model.kenlm_format import PREFIX, OtherKind, layout_of
from datapipe.core.language_model.kenlm_package import PackageModel, has_package
from datapipe.core.path_parameters import ModelPath

PIECES = ".sp.model"
ARPA, END = b"\\data\\", b"\\end\\"  # what the file begins and ends with
EDGE = 1 << 10  # bytes that hold either, and the header of a binary
ENDINGS = (".arpa.bin", ".binlm", ".bin", ".arpa")  # of n-gram models; a language's first is taken


class LanguageModels(BaseModel):
    """The two files of a language."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    lm: ModelPath = Field(
        description="the n-gram model: ARPA, or by kenlm's build_binary, which workers share in memory (probing; tries and "
        "quantised ones by the package kenlm, which is slower)"
    )
    sentencepiece: ModelPath = Field(description="the SentencePiece model whose pieces are its words")


def by_language(paths: Sequence[str]) -> dict[str, LanguageModels]:
    """Files named as CCNet names them, en.arpa.bin (or en.arpa) and en.sp.model, in pairs; others are passed over.

    ValueError where a language has one of the two only, or where there is none at all.
    """
    found: dict[str, dict[str, str]] = {}
    for path in paths:
        lang, dot, rest = PurePath(path).name.partition(".")
        if dot + rest in (PIECES, *ENDINGS):
            found.setdefault(lang, {})[dot + rest] = path
    pairs = {}
    for lang, files in sorted(found.items()):
        lm = next((files[ending] for ending in ENDINGS if ending in files), None)
        if lm is None or PIECES not in files:
            lacking = f"{lang}{PIECES}" if lm else f"{lang}.arpa.bin or {lang}.arpa"
            raise ValueError(f"{', '.join(files.values())}: there is no {lacking} beside it")
        pairs[lang] = LanguageModels(lm=lm, sentencepiece=files[PIECES])
    if not pairs:
        raise ValueError("no models such as en.arpa.bin and en.sp.model are there")
    return pairs


def kind_of(path: str, ctx: Context) -> str:
    """arpa or binary; ValueError for another file, one that was cut, and a binary that cannot be read."""
    file = Path(ctx.local(path))
    with file.open("rb") as stream:  # as it will be loaded: nothing takes a compression off
        head, size = stream.read(EDGE), file.stat().st_size
        stream.seek(max(size - EDGE, 0))
        tail = stream.read()
    try:
        if head.startswith(PREFIX):
            return _kind_of_binary(file, head, size)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
    if ARPA not in head:
        raise ValueError(f"{path}: neither an ARPA file (uncompressed) nor one by kenlm's build_binary")
    if END not in tail:
        raise ValueError(f"{path}: the file was cut: an ARPA file ends with {END.decode()}")
    return "arpa"


def _kind_of_binary(file: Path, head: bytes, size: int) -> str:
    try:
        layout_of(head, size)
    except OtherKind:
        if not has_package():
            raise
        PackageModel(str(file))  # mapped, not read
        return "binary, by the package kenlm"
    return "binary"
