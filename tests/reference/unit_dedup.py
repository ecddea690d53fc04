"""De-duplication of units by brute force, with a dict of every span: what core/dedup/unit_dedup.py must do."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.reference.units import CUT, CUTS, sentences, spans, tokens


@dataclass
class Rules:
    unit: str
    form: str
    span: int = 1
    least: int = 1
    words: int = 0
    sentences: int = 0
    characters: int = 0


@dataclass
class Fate:
    text: str
    reason: str | None = None
    keepers: dict[CUT, int] = field(default_factory=dict)  # of each span that goes: who holds the copy that stays


def dedup(
    documents: list[str], rules: Rules, order: list[int] | None = None, held: set[int] | None = None
) -> list[Fate]:
    """`order`: the best document first. `held`: documents that lose nothing; the others lose what these hold."""
    fates = [Fate(text) for text in documents]
    seen: dict[str, int] = {}
    for number in order or range(len(documents)):
        for shape, start, stop in spans(documents[number], rules.unit, rules.form, rules.span, rules.least):
            keeper = seen.get(shape)
            if keeper is None:
                seen[shape] = number
            elif held is None or (keeper in held and number not in held):
                fates[number].keepers[start, stop] = keeper
        if fates[number].keepers:
            fates[number].text = left(documents[number], rules.unit, list(fates[number].keepers))
            fates[number].reason = reason(fates[number].text, rules)
    return fates


def left(text: str, unit: str, gone: list[CUT]) -> str:
    pieces, last, kept = "", 0, False
    for _, stop in CUTS[unit](text):
        if not any(a <= last and stop <= b for a, b in gone):
            piece = text[last:stop]
            if not kept and last:
                piece = piece.lstrip() if unit == "sentence" else unblanked(piece)
            pieces += piece
            kept = True
        last = stop
    return pieces + text[last:] if kept else ""


def unblanked(text: str) -> str:
    """Without the blank lines it begins with."""
    rows = text.split("\n")
    while not rows[0].strip():
        rows = rows[1:]
    return "\n".join(rows)


def reason(text: str, rules: Rules) -> str | None:
    if not text:
        return "nothing_left"
    if len(tokens(text)) < rules.words:
        return "too_few_words"
    if len(sentences(text)) < rules.sentences:
        return "too_few_sentences"
    return "too_few_characters" if len(text) < rules.characters else None
