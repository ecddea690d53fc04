"""The plain twin of `bloom_dedup`: documents one after another, and a set in place of the filter."""

from collections.abc import Callable, Sequence

Words = Callable[[str], list[str]]


def ngrams(words: list[str], n: int, least: int) -> list[tuple[str, ...]]:
    if len(words) < n:
        return [tuple(words)] if len(words) >= least else []
    return [tuple(words[i : i + n]) for i in range(len(words) - n + 1)]


def bloom_dedup(
    texts: Sequence[str], words_of: Words, remove: str = "both", n: int = 13, least: int = 13, threshold: float = 0.8
) -> list[str | None]:
    """What is left of each text; None where it is dropped."""
    seen: set[tuple[str, ...]] = set()
    out: list[str | None] = []
    for text in texts:
        lines = [text] if remove == "document" else text.split("\n")
        kept, total, contained = [], 0, 0
        for line in lines:
            found = ngrams(words_of(line), n, least)
            known = sum(gram in seen for gram in found)
            total += len(found)
            contained += known
            if found and known / len(found) >= threshold:
                continue
            kept.append(line)
            seen.update(found)
        left = "\n".join(kept)
        duplicate = remove != "paragraph" and total > 0 and contained / total >= threshold
        nothing = remove != "document" and len(kept) < len(lines) and not left.strip()
        out.append(None if duplicate or nothing else text if remove == "document" else left)
    return out
